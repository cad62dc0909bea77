"""What a function of the application gives, plain or async."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeAlias, TypeVar, cast

_T = TypeVar("_T")

MaybeAwaitable: TypeAlias = Awaitable[_T] | _T
"""The result of a function that may be an `async def`."""


async def settled(value: MaybeAwaitable[_T]) -> _T:
    """The value, awaited where it is awaitable."""
    return cast("_T", await value if inspect.isawaitable(value) else value)
