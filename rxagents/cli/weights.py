"""The progress bar of the embedded model's download."""

from __future__ import annotations

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from rxagents import LOCAL_MODEL, Model, local

from .wording import errors

_WIDE = 70
"""Columns from which on there is room for sizes and times."""


async def fetch_if_needed(model: str | Model) -> None:
    """Fetch the embedded model's weights if `model` is its name and they are not here yet.

    Shows how far it is on standard error. Raises ModelUnavailableError where they cannot be had.
    """
    if model != LOCAL_MODEL or not local.available() or local.find() is not None:
        return
    console = errors()
    if not console.is_terminal:
        console.print("rxagents: fetching the embedded model, once", soft_wrap=True)
        await local.ensure()
        return
    # Never the whole width: the ^C that a terminal shows would go to the next line, and stay.
    wide = console.width >= _WIDE
    columns: list[ProgressColumn] = [
        TextColumn("{task.description}"),
        BarColumn(bar_width=20 if wide else 4),
    ]
    columns += [DownloadColumn(), TimeRemainingColumn()] if wide else [TaskProgressColumn()]
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("Fetching the embedded model", total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        await local.ensure(show)
