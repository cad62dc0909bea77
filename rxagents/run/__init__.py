"""The run: turns, tools and handoffs, and what comes of them. It knows nothing of operators.

    runner       the ways to start a run
    loop         model turn, tools or handoff, next turn
    turn         one response's events folded into items
    tool_calls   a turn's tools, all at once
    emitter      numbers the events and hands them on
    record       what a run knows of itself
    result       what a run gives back
    config       settings of a whole run

Read `loop` first.
"""

from .config import DEFAULT_MAX_TURNS as DEFAULT_MAX_TURNS
from .config import RunConfig as RunConfig
from .result import RunResult as RunResult
from .result import RunResultBase as RunResultBase
from .result import RunResultStreaming as RunResultStreaming
from .runner import Runner as Runner
