"""The operators of reactivex that are as good on a loop as they are; ours replace the others.

What each does when its consumer is slow, and what is checked at its call, is in `_guards`.
"""

from reactivex.operators import all as all
from reactivex.operators import amb as amb
from reactivex.operators import as_observable as as_observable
from reactivex.operators import average as average
from reactivex.operators import concat as concat
from reactivex.operators import contains as contains
from reactivex.operators import count as count
from reactivex.operators import default_if_empty as default_if_empty
from reactivex.operators import delay_subscription as delay_subscription
from reactivex.operators import dematerialize as dematerialize
from reactivex.operators import distinct_until_changed as distinct_until_changed
from reactivex.operators import do_while as do_while
from reactivex.operators import element_at as element_at
from reactivex.operators import element_at_or_default as element_at_or_default
from reactivex.operators import expand as expand
from reactivex.operators import filter as filter
from reactivex.operators import filter_indexed as filter_indexed
from reactivex.operators import finally_action as finally_action
from reactivex.operators import find as find
from reactivex.operators import find_index as find_index
from reactivex.operators import first as first
from reactivex.operators import first_or_default as first_or_default
from reactivex.operators import fork_join as fork_join
from reactivex.operators import group_by_until as group_by_until
from reactivex.operators import group_join as group_join
from reactivex.operators import ignore_elements as ignore_elements
from reactivex.operators import is_empty as is_empty
from reactivex.operators import join as join
from reactivex.operators import last as last
from reactivex.operators import last_or_default as last_or_default
from reactivex.operators import map as map
from reactivex.operators import map_indexed as map_indexed
from reactivex.operators import materialize as materialize
from reactivex.operators import multicast as multicast
from reactivex.operators import on_error_resume_next as on_error_resume_next
from reactivex.operators import pairwise as pairwise
from reactivex.operators import pluck as pluck
from reactivex.operators import pluck_attr as pluck_attr
from reactivex.operators import repeat as repeat
from reactivex.operators import sequence_equal as sequence_equal
from reactivex.operators import single as single
from reactivex.operators import single_or_default as single_or_default
from reactivex.operators import single_or_default_async as single_or_default_async
from reactivex.operators import skip as skip
from reactivex.operators import skip_last as skip_last
from reactivex.operators import skip_last_with_time as skip_last_with_time
from reactivex.operators import skip_until_with_time as skip_until_with_time
from reactivex.operators import skip_while as skip_while
from reactivex.operators import skip_while_indexed as skip_while_indexed
from reactivex.operators import skip_with_time as skip_with_time
from reactivex.operators import slice as slice
from reactivex.operators import some as some
from reactivex.operators import starmap as starmap
from reactivex.operators import starmap_indexed as starmap_indexed
from reactivex.operators import start_with as start_with
from reactivex.operators import subscribe_on as subscribe_on
from reactivex.operators import sum as sum
from reactivex.operators import take as take
from reactivex.operators import take_last as take_last
from reactivex.operators import take_last_buffer as take_last_buffer
from reactivex.operators import take_last_with_time as take_last_with_time
from reactivex.operators import take_until as take_until
from reactivex.operators import take_until_with_time as take_until_with_time
from reactivex.operators import take_while as take_while
from reactivex.operators import take_while_indexed as take_while_indexed
from reactivex.operators import take_with_time as take_with_time
from reactivex.operators import throttle_first as throttle_first
from reactivex.operators import time_interval as time_interval
from reactivex.operators import timeout_with_mapper as timeout_with_mapper
from reactivex.operators import timestamp as timestamp
from reactivex.operators import to_dict as to_dict
from reactivex.operators import to_future as to_future
from reactivex.operators import to_iterable as to_iterable
from reactivex.operators import to_list as to_list
from reactivex.operators import to_marbles as to_marbles
from reactivex.operators import to_set as to_set
from reactivex.operators import while_do as while_do
from reactivex.operators import window_with_count as window_with_count
from reactivex.operators import window_with_time_or_count as window_with_time_or_count
from reactivex.operators import zip_latest as zip_latest
from reactivex.operators import zip_with_iterable as zip_with_iterable
from reactivex.operators import zip_with_list as zip_with_list

from . import _guards

for _name in _guards.CLASSES:
    globals()[_name] = _guards.guarded(globals()[_name])
