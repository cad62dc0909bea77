r"""The file: JSON Lines in UTF-8, one record a line.

    {"type":"rxagents.recording","version":1,"time":1790000000.1}
    {"type":"agent_updated_stream_event","new_agent":"Poet","run_id":"run_1","seq":0,...}
    {"type":"raw_response_event","data":{...},"run_id":"run_1","seq":1,...}
    {"type":"rxagents.recording.end","end":"completed","time":1790000002.5}

A header, the events in order as their `to_dict()`, and how it ended: `completed`; `failed`, with
the `error`'s class and message; or `left` by whoever read it. A recording without that last line
was cut off. The next recording may follow in the same file, with a header of its own.

Times are Unix times in seconds. The JSON is that of Python's `json`: a float that is infinite or
not a number is written `Infinity`, `-Infinity` or `NaN`, and half a surrogate pair as `\ud83d`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic_core import PydanticSerializationError, from_json, to_json

VERSION: Final = 1
"""The version that is written; all up to it can be read."""

HEADER: Final = "rxagents.recording"
END: Final = "rxagents.recording.end"

_NO_ERROR = {"class": "", "message": ""}

How: TypeAlias = Literal["completed", "failed", "left", "cut off"]


@dataclass(frozen=True, slots=True)
class Start:
    """A recording begins."""

    time: float
    """When: Unix time in seconds."""

    version: int = VERSION

    def to_dict(self) -> dict[str, Any]:
        """The record."""
        return {"type": HEADER, "version": self.version, "time": self.time}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Start:
        """Raises ValueError if something is missing."""
        try:
            return cls(float(record["time"]), int(record["version"]))
        except (KeyError, TypeError) as error:
            raise ValueError("the header is incomplete") from error


@dataclass(frozen=True, slots=True)
class End:
    """How a recording ended."""

    how: How
    """`cut off` where the file does not tell: the process or the machine went down."""

    time: float = 0.0
    """When, on the clock of the events; 0 where it was cut off."""

    error_class: str = ""
    """Of a failure: the exception's class with its module, as in a traceback."""

    message: str = ""
    """Of a failure: the exception's text."""

    def to_dict(self) -> dict[str, Any]:
        """The record."""
        record: dict[str, Any] = {"type": END, "end": self.how, "time": self.time}
        if self.how == "failed":
            record["error"] = {"class": self.error_class, "message": self.message}
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> End:
        """Raises ValueError if something is missing."""
        try:
            told = record["error"] if record["end"] == "failed" else _NO_ERROR
            return cls(record["end"], float(record["time"]), told["class"], told["message"])
        except (KeyError, TypeError) as error:
            raise ValueError("the end is incomplete") from error

    @classmethod
    def failed(cls, error: BaseException, time: float) -> End:
        """The end by an exception."""
        kind = type(error)
        module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
        return cls("failed", time, module + kind.__qualname__, str(error))


def encode(record: dict[str, Any]) -> bytes:
    """The record as a line; raises TypeError or ValueError if it cannot be JSON."""
    try:
        return to_json(record, inf_nan_mode="constants") + b"\n"
    except PydanticSerializationError:  # half a surrogate pair, or something very deep
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The record in a line; raises ValueError if there is none."""
    try:
        record = from_json(line)
    except ValueError:
        record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError(f"a {type(record).__name__} is no record")
    return cast("dict[str, Any]", record)
