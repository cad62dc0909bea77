"""The vocabulary of pipelines: operators for runs, and everything of `reactivex.operators`.

    select   which events: raw, items, agent_updates, of_type
    text     the model's words: text_deltas, text, sentences
    tasks    asynchronous functions in a chain: map_async

Import it as `from rxagents import operators as ops`.
"""

# No __all__: type checkers would take it for the whole, and could not add reactivex's to it.
from reactivex.operators import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]

from .select import agent_updates as agent_updates
from .select import items as items
from .select import of_type as of_type
from .select import raw as raw
from .tasks import map_async as map_async
from .text import sentences as sentences
from .text import text as text
from .text import text_deltas as text_deltas
