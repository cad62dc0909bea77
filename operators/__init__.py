"""The vocabulary of pipelines: operators for runs, and everything of `reactivex.operators`.

    select     which events: raw, items, agent_updates, of_type
    text       what the model says: text_deltas, text, reasoning_deltas, refusal_deltas
    pieces     text cut again: words, lines, sentences, paragraphs
    markdown   text cut into blocks of Markdown: markdown_blocks
    flow       text in time: chunks, smooth
    structure  JSON in the model's words: partial, json_items, final
    arguments  the arguments of tool calls as they grow: tool_arguments
    flatten    streams of streams made flat: flat_map, concat_map, switch_map, exhaust_map
    sharing    one source for many: share, share_replay
    grouping   events put together: zip, buffer_until
    timing     time between events: delay, limit_rate, throttle_latest, audit
    pace       what a screen can show: frame
    overflow   sources that must not be held back: on_backpressure_*, conflate
    recovery   when a stream fails: retry, fallback
    patience   when it is late or silent: timeout, stall, hedge
    safety     text that must not get out: guard, redact
    tasks      asynchronous functions in a chain: map_async

Import it as `from rxagents import operators as ops`.
"""

# No __all__: type checkers would take it for the whole, and could not add the star's to it.
from .arguments import ToolArguments as ToolArguments
from .arguments import tool_arguments as tool_arguments
from .flatten import concat_all as concat_all
from .flatten import concat_map as concat_map
from .flatten import exhaust_map as exhaust_map
from .flatten import flat_map as flat_map
from .flatten import flat_map_latest as flat_map_latest
from .flatten import merge_all as merge_all
from .flatten import switch_latest as switch_latest
from .flatten import switch_map as switch_map
from .flow import chunks as chunks
from .flow import smooth as smooth
from .grouping import buffer_until as buffer_until
from .grouping import zip as zip
from .markdown import markdown_blocks as markdown_blocks
from .overflow import BackpressureOverflowError as BackpressureOverflowError
from .overflow import conflate as conflate
from .overflow import on_backpressure_buffer as on_backpressure_buffer
from .overflow import on_backpressure_drop as on_backpressure_drop
from .overflow import on_backpressure_error as on_backpressure_error
from .overflow import on_backpressure_latest as on_backpressure_latest
from .pace import frame as frame
from .patience import Stalled as Stalled
from .patience import StreamTimeout as StreamTimeout
from .patience import hedge as hedge
from .patience import stall as stall
from .patience import timeout as timeout
from .pieces import lines as lines
from .pieces import paragraphs as paragraphs
from .pieces import sentences as sentences
from .pieces import words as words
from .reactivex_operators import *  # noqa: F403
from .recovery import fallback as fallback
from .recovery import retry as retry
from .safety import GuardrailTripped as GuardrailTripped
from .safety import guard as guard
from .safety import redact as redact
from .select import agent_updates as agent_updates
from .select import items as items
from .select import of_type as of_type
from .select import raw as raw
from .sharing import share as share
from .sharing import share_replay as share_replay
from .structure import final as final
from .structure import json_items as json_items
from .structure import partial as partial
from .tasks import map_async as map_async
from .text import reasoning_deltas as reasoning_deltas
from .text import refusal_deltas as refusal_deltas
from .text import text as text
from .text import text_deltas as text_deltas
from .timing import audit as audit
from .timing import delay as delay
from .timing import limit_rate as limit_rate
from .timing import throttle_latest as throttle_latest
