"""Write sdk.json anew, with what the installed OpenAI Agents SDK tells."""

from __future__ import annotations

from pathlib import Path

from rxagents.testing.virtual_time import run

from . import calls, keeping, steering
from .library import Library
from .seen import dump

PROGRAMS = [*calls.PROGRAMS, *steering.PROGRAMS, *keeping.PROGRAMS]

if __name__ == "__main__":
    library = Library.of("agents")
    library.api.set_tracing_disabled(True)
    told = {program.__name__: run(program(library)).lines for program in PROGRAMS}
    Path(__file__).with_name("sdk.json").write_text(dump(told), encoding="utf-8")
