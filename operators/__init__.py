"""The vocabulary of pipelines: operators for runs, and everything of `reactivex.operators`.

    select      which events: raw, items, by_name, agent_updates, from_agent, of_type
    text        what the model says: text_deltas, text, reasoning_deltas, refusal_deltas
    pieces      text cut again: words, lines, sentences, paragraphs
    markdown    text cut into blocks of Markdown: markdown_blocks
    flow        text in time: chunks, smooth
    snapshot    a run as it is shown: snapshot, diff
    structure   JSON in the model's words: partial, json_items, final
    arguments   the arguments of tool calls as they grow: tool_arguments
    flatten     streams of streams made flat: flat_map, concat_map, switch_map, exhaust_map, merge
    shape       streams of streams over a run: by_turn, by_agent, by_tool_call, group_by
    sharing     one source for many: share, share_replay
    connecting  one source for many, started by hand: publish, replay, ref_count, partition
    combining   events of several sources put together: zip, combine_latest, with_latest_from
    buffers     events in lists: buffer_until, buffer_with_count, buffer_time_or_count
    bounded     events in lists that other streams end: buffer, buffer_toggle, buffer_when
    windows     events in streams of their own: window, window_toggle, window_with_time
    joining     one stream after another: switch_if_empty, end_with
    folding     all events so far in one value: scan, reduce
    extremes    the greatest and the least: max, min, max_by, min_by
    timing      all events, later: delay, limit_rate
    signals     each event when a stream says so: delay_with_mapper, throttle_with_mapper
    thinning    fewer events: debounce, sample, audit, throttle_latest
    pace        what a screen can show: frame
    overflow    sources that must not be held back: on_backpressure_*, conflate
    recovery    when a stream fails: retry, catch, fallback
    patience    when it is late or silent: timeout, stall, hedge
    safety      text that must not get out: guard, redact
    tasks       asynchronous functions in a chain: map_async, filter_async, scan_async
    threads     events from other threads: observe_on
    measure     what a run takes: timings, usage, rate
    watching    looking at what passes: tap, log, trace
    distinct    no event twice: distinct
    until       nothing before another stream says so: skip_until
    keep        what is kept of a run: record

Import it as `from rxagents import operators as ops`.
"""

# No __all__: type checkers would take it for the whole, and could not add the star's to it.
from .arguments import ToolArguments as ToolArguments
from .arguments import tool_arguments as tool_arguments
from .bounded import buffer as buffer
from .bounded import buffer_toggle as buffer_toggle
from .bounded import buffer_when as buffer_when
from .buffers import buffer_time_or_count as buffer_time_or_count
from .buffers import buffer_until as buffer_until
from .buffers import buffer_with_count as buffer_with_count
from .buffers import buffer_with_time as buffer_with_time
from .buffers import buffer_with_time_or_count as buffer_with_time_or_count
from .combining import combine_latest as combine_latest
from .combining import with_latest_from as with_latest_from
from .combining import zip as zip
from .connecting import partition as partition
from .connecting import partition_indexed as partition_indexed
from .connecting import publish as publish
from .connecting import publish_value as publish_value
from .connecting import ref_count as ref_count
from .connecting import replay as replay
from .conversation import CallEntry as CallEntry
from .conversation import Entry as Entry
from .conversation import HandoffEntry as HandoffEntry
from .conversation import InputEntry as InputEntry
from .conversation import MessageEntry as MessageEntry
from .conversation import ReasoningEntry as ReasoningEntry
from .conversation import Snapshot as Snapshot
from .distinct import distinct as distinct
from .extremes import max as max
from .extremes import max_by as max_by
from .extremes import min as min
from .extremes import min_by as min_by
from .flatten import concat_all as concat_all
from .flatten import concat_map as concat_map
from .flatten import exclusive as exclusive
from .flatten import exhaust_all as exhaust_all
from .flatten import exhaust_map as exhaust_map
from .flatten import flat_map as flat_map
from .flatten import flat_map_indexed as flat_map_indexed
from .flatten import flat_map_latest as flat_map_latest
from .flatten import merge as merge
from .flatten import merge_all as merge_all
from .flatten import switch_latest as switch_latest
from .flatten import switch_map as switch_map
from .flatten import switch_map_indexed as switch_map_indexed
from .flow import chunks as chunks
from .flow import smooth as smooth
from .folding import reduce as reduce
from .folding import scan as scan
from .joining import end_with as end_with
from .joining import switch_if_empty as switch_if_empty
from .keep import record as record
from .markdown import markdown_blocks as markdown_blocks
from .measure import rate as rate
from .measure import timings as timings
from .measure import usage as usage
from .measured import FirstTokenTiming as FirstTokenTiming
from .measured import RunTiming as RunTiming
from .measured import Timing as Timing
from .measured import ToolTiming as ToolTiming
from .measured import TurnTiming as TurnTiming
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
from .recovery import catch as catch
from .recovery import fallback as fallback
from .recovery import retry as retry
from .safety import GuardrailTripped as GuardrailTripped
from .safety import guard as guard
from .safety import redact as redact
from .select import agent_updates as agent_updates
from .select import by_name as by_name
from .select import from_agent as from_agent
from .select import items as items
from .select import of_type as of_type
from .select import raw as raw
from .shape import CallGroup as CallGroup
from .shape import Group as Group
from .shape import by_agent as by_agent
from .shape import by_tool_call as by_tool_call
from .shape import by_turn as by_turn
from .shape import group_by as group_by
from .sharing import share as share
from .sharing import share_replay as share_replay
from .signals import delay_with_mapper as delay_with_mapper
from .signals import throttle_with_mapper as throttle_with_mapper
from .snapshot import EntryAdded as EntryAdded
from .snapshot import EntryChanged as EntryChanged
from .snapshot import SnapshotDiff as SnapshotDiff
from .snapshot import diff as diff
from .snapshot import snapshot as snapshot
from .structure import final as final
from .structure import json_items as json_items
from .structure import partial as partial
from .tasks import filter_async as filter_async
from .tasks import map_async as map_async
from .tasks import scan_async as scan_async
from .text import reasoning_deltas as reasoning_deltas
from .text import refusal_deltas as refusal_deltas
from .text import text as text
from .text import text_deltas as text_deltas
from .thinning import audit as audit
from .thinning import debounce as debounce
from .thinning import sample as sample
from .thinning import throttle_latest as throttle_latest
from .thinning import throttle_with_timeout as throttle_with_timeout
from .threads import observe_on as observe_on
from .timing import delay as delay
from .timing import limit_rate as limit_rate
from .until import skip_until as skip_until
from .watching import do as do
from .watching import do_action as do_action
from .watching import log as log
from .watching import tap as tap
from .watching import trace as trace
from .windows import window as window
from .windows import window_toggle as window_toggle
from .windows import window_when as window_when
from .windows import window_with_time as window_with_time
