"""What goes wrong with plain reactivex in an asyncio program, and does not with rxagents.

    _trap       what a trap is, and what its programs share
    schedulers  threads, clocks and event loops
    raising     exceptions in callbacks
    leaving     disposing, and what is cleaned up by then
    calls       who calls a subscriber, and when
    pressure    slow consumers
    sharing     one source for many
    contexts    context variables
    inner       asynchronous work for each event
    values      what operators emit
    bounds      where lists and windows end

Each trap has two halves. `plain` asserts what reactivex does, so that a version of it that does
better shows; its programs may use nothing of ours but sources. `ours` is the same program with
names from `rxagents` alone. `tests/test_stock_traps.py` runs them, and docs/traps.md lists them.
"""

from . import bounds as bounds
from . import calls as calls
from . import contexts as contexts
from . import inner as inner
from . import leaving as leaving
from . import pressure as pressure
from . import raising as raising
from . import schedulers as schedulers
from . import sharing as sharing
from . import values as values
from ._trap import TRAPS as TRAPS
from ._trap import Trap as Trap
