"""What every item of a run has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from openai.types.responses import ResponseInputItemParam
from pydantic import BaseModel

if TYPE_CHECKING:
    from .agent import Agent

_Raw = TypeVar("_Raw")


@dataclass(eq=False)
class RunItemBase(Generic[_Raw]):
    """One item of a run."""

    agent: Agent[Any]
    """The agent in whose turn it came about."""

    raw_item: _Raw
    """The item in the Responses API's form: the `openai` package's type, or a dictionary."""

    def to_input_item(self) -> ResponseInputItemParam:
        """The item as the model is given it in a later turn."""
        raw: Any = self.raw_item
        if isinstance(raw, BaseModel):
            raw = raw.model_dump(by_alias=True, exclude_unset=True)
        return cast("ResponseInputItemParam", raw)
