"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from rxagents.exceptions import UserError


class Page(Protocol):
    """A page, which knows how the next is asked for."""

    @property
    def next_cursor(self) -> str | None:
        """None after the last."""
        ...


TPage = TypeVar("TPage", bound=Page)


async def all_pages(
    fetch: Callable[[str | None], Awaitable[TPage]], most: int | None, whose: str
) -> list[TPage]:
    """All pages, in their order; `whose` is what they list, in words.

    Raises UserError where there are more than `most`, and for a server that goes round in circles.
    """
    pages = [await fetch(None)]
    seen: set[str] = set()
    while (cursor := pages[-1].next_cursor) is not None:
        if cursor in seen:
            raise UserError(f"{whose} have no end: the page {cursor!r} came again")
        if most is not None and len(pages) >= most:
            raise UserError(f"{whose} have more than max_list_pages={most} pages: allow more")
        seen.add(cursor)
        pages.append(await fetch(cursor))
    return pages
