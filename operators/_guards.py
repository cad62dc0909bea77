"""Of the operators that are reactivex's own: their classes, and what is checked at their call."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from reactivex import Observable, defer

from rxagents.stream.subscriber import refuse_async

from . import _checks

_NAMES = {
    "lossless": """
        all amb as_observable average concat contains count default_if_empty
        delay_subscription dematerialize distinct_until_changed do_while element_at
        element_at_or_default filter filter_indexed finally_action find find_index first
        first_or_default fork_join group_by_until ignore_elements is_empty last
        last_or_default map map_indexed materialize on_error_resume_next pairwise pluck
        pluck_attr repeat single single_or_default single_or_default_async skip skip_last
        skip_until_with_time skip_while skip_while_indexed skip_with_time slice some starmap
        starmap_indexed start_with subscribe_on sum take take_last take_last_buffer
        take_until take_until_with_time take_while take_while_indexed take_with_time
        time_interval timeout_with_mapper timestamp to_future while_do
        window_with_count window_with_time_or_count zip_with_iterable zip_with_list
    """,
    "conflating": """
        throttle_first zip_latest
    """,
    "unbounded": """
        expand group_join join multicast sequence_equal skip_last_with_time take_last_with_time
        to_dict to_iterable to_list to_marbles to_set
    """,
}

CLASSES = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""What each operator does when its consumer is slow."""

_COUNTS = {"count", "index"}
_PERIODS = {"timespan"}
_DURATIONS = {"duration", "window_duration"}

_COUNT_ON = {"map_indexed", "skip_while_indexed"}
"""Those that would go on counting where the subscription before has stopped."""


def guarded(operator: Callable[..., Any]) -> Callable[..., Any]:
    """`operator`, refusing at its call what it would otherwise stumble over at the first event.

    That is an `async def` in the place of a plain function (AsyncCallbackError), a negative number
    of events or of seconds, and a period of 0 seconds (ValueError). Its state is in any case that
    of a subscription.
    """
    signature = inspect.signature(operator)

    @wraps(operator)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name, value in signature.bind_partial(*args, **kwargs).arguments.items():
            _check(name, value)
        applied = operator(*args, **kwargs)
        return _anew(applied) if operator.__name__ in _COUNT_ON else applied

    return checked


def _anew(operator: Callable[[Observable[Any]], Observable[Any]]) -> Callable[..., Any]:
    """`operator`, applied to its source for each subscription."""

    def anew(source: Observable[Any]) -> Observable[Any]:
        return defer(lambda _: operator(source))

    return anew


def _check(name: str, value: Any) -> None:
    if value is None:
        return
    if name in _COUNTS:
        _checks.count(name, value, "events", least=0)
    elif name == "repeat_count":
        _checks.count(name, value, "subscriptions", least=0)
    elif name in _PERIODS:
        _checks.positive_seconds(name, value)
    elif name in _DURATIONS:
        _checks.seconds(name, value)
    elif callable(value):
        refuse_async(name, value)
