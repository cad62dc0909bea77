"""What tests of programs with agents need: scripted models and virtual time.

    scripted          a model that plays a script; scripted_steps, scripted_items: what is in it
    response_events   the events with which a provider streams given items
    marbles           streams that are drawn, and drawings of what must come out
    rules             the rules of Reactive Streams, for any source
    virtual_time      an event loop whose clock jumps instead of waiting
    fixtures          a pytest plugin, for tests on that loop

rxagents is tested with them itself.
"""

from .marble_diagram import MarbleError as MarbleError
from .marbles import ColdMarbles as ColdMarbles
from .marbles import HotMarbles as HotMarbles
from .marbles import cold as cold
from .marbles import expect as expect
from .marbles import hot as hot
from .response_events import response_events as response_events
from .response_events import response_usage as response_usage
from .rules import SourceRules as SourceRules
from .scripted import ScriptedModel as ScriptedModel
from .scripted_items import Delay as Delay
from .scripted_items import assistant_message as assistant_message
from .scripted_items import function_call as function_call
from .scripted_steps import InvalidModelStep as InvalidModelStep
from .scripted_steps import ModelCall as ModelCall
from .scripted_steps import ModelScriptError as ModelScriptError
from .scripted_steps import ModelStep as ModelStep
from .scripted_steps import ModelStepSpec as ModelStepSpec
from .scripted_steps import UnconsumedModelSteps as UnconsumedModelSteps
from .scripted_steps import UnexpectedModelCall as UnexpectedModelCall
from .virtual_time import DeadlockError as DeadlockError
from .virtual_time import VirtualLoop as VirtualLoop
from .virtual_time import hold_clock as hold_clock
