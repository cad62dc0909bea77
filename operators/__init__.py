"""The vocabulary of pipelines: operators for runs, and everything of `reactivex.operators`.

    select   which events: raw, items, agent_updates, of_type
    text     the model's words: text_deltas, text, sentences
    tasks    asynchronous functions in a chain: map_async

Import it as `from rxagents import operators as ops`.
"""

from reactivex import operators as _reactivex
from reactivex.operators import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]

from .select import agent_updates, items, of_type, raw
from .tasks import map_async
from .text import sentences, text, text_deltas

__all__ = [
    "agent_updates",
    "items",
    "map_async",
    "of_type",
    "raw",
    "sentences",
    "text",
    "text_deltas",
]
__all__ += _reactivex.__all__
