"""The run: turns, tools and handoffs, and what comes of them. It knows nothing of operators.

    runner         the ways to start a run
    start          from a Runner's arguments to a record
    loop           model turn, tools or handoff, next turn
    model_call     the model's part of a turn: what it is asked, and its answer
    attempts       which model is asked, and whether again
    gate           text held back until streaming guardrails have seen it
    turn           one response's events folded into items
    tool_calls     a turn's calls, all at once
    invocation     one call: guardrails, hooks, the tool
    approving      waits for approvals
    handing_over   the handoff of a turn
    finishing      whether a turn ends the run, and with which output
    guarding       the input guardrails, beside the first turn
    hooking        calls the hooks
    emitter        numbers the events and hands them on
    nesting        what a run inside a call shares with the one around it
    inbox          what is told to a run while it goes on
    record         what a run knows of itself
    conversation   what its models are given
    pending        a turn whose calls are not all answered
    state          where a run has stopped
    state_form     a state in JSON; state_writing writes it, and state_reading reads it
    result         what a run gives back
    config         settings of a whole run

Read `loop` first.
"""

from .config import DEFAULT_MAX_TURNS as DEFAULT_MAX_TURNS
from .config import CallModelData as CallModelData
from .config import CallModelInputFilter as CallModelInputFilter
from .config import ModelInputData as ModelInputData
from .config import ReasoningItemIdPolicy as ReasoningItemIdPolicy
from .config import RunConfig as RunConfig
from .config import ToolErrorFormatter as ToolErrorFormatter
from .config import ToolErrorFormatterArgs as ToolErrorFormatterArgs
from .config import ToolExecutionConfig as ToolExecutionConfig
from .config import ToolNameCollisionPolicy as ToolNameCollisionPolicy
from .config import ToolNotFoundBehavior as ToolNotFoundBehavior
from .record import AgentToolInvocation as AgentToolInvocation
from .result import RunResult as RunResult
from .result import RunResultBase as RunResultBase
from .result import RunResultStreaming as RunResultStreaming
from .runner import Runner as Runner
from .state import RunState as RunState
