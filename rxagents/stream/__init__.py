"""The stream layer: Observables that live on the event loop. It knows nothing of agents.

    Stream          an Observable with loop time, typed `pipe` and `async for`
    StreamIterator  what `async for` and `stream.iterate()` read from
    Demand          the credit by which a consumer holds back its sources
    ReplayLog       one producer, any number of subscribers, each with its own place
    LoopScheduler   now is the trampoline, later is the loop's timers

Read `stream` first.
"""

from .demand import Demand as Demand
from .iteration import StreamIterator as StreamIterator
from .replay_log import ReplayLog as ReplayLog
from .scheduler import LoopScheduler as LoopScheduler
from .stream import Stream as Stream
