"""The stream layer: Observables that live on the event loop. It knows nothing of agents.

    Stream             an Observable with loop time, typed `pipe` and `async for`
    ConnectableStream  one that starts when it is told to
    StreamIterator     what `async for` and `stream.iterate()` read from
    Demand             the credit by which a consumer holds back its sources
    ReplayLog          one producer, any number of subscribers, each with its own place
    Connection         one subscription to a source, which writes such a log
    LoopScheduler      now is the trampoline, later is the loop's timers

Read `stream` first.
"""

from .connectable import ConnectableStream as ConnectableStream
from .connection import Connection as Connection
from .demand import Demand as Demand
from .hooks import use_adoption as use_adoption
from .hooks import use_vocabulary as use_vocabulary
from .iteration import StreamIterator as StreamIterator
from .replay_log import ReplayLog as ReplayLog
from .scheduler import LoopScheduler as LoopScheduler
from .stream import Stream as Stream
