"""Signatures of public names, as data; run with the OpenAI Agents SDK, it writes theirs to a file.

python tests/sdk_signatures.py      # writes tests/sdk_signatures.json, of the installed SDK
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

HERE = Path(__file__).parent
NAMES = (HERE.parent / "docs/sdk_names.txt").read_text(encoding="utf-8").split()
METHODS = {
    "Agent": ["as_tool", "clone", "get_all_tools", "get_system_prompt"],
    "Runner": ["run", "run_sync", "run_streamed"],
    "RunState": [
        "approve",
        "reject",
        "add_input",
        "to_json",
        "to_string",
        "from_json",
        "from_string",
    ],
    "RunResultStreaming": [
        "stream_events",
        "cancel",
        "to_input_list",
        "to_state",
        "final_output_as",
    ],
    "ItemHelpers": [
        "text_message_output",
        "text_message_outputs",
        "extract_text",
        "extract_last_content",
        "extract_last_text",
        "extract_refusal",
        "input_to_new_input_list",
        "tool_call_output_item",
    ],
    "HandoffInputData": ["clone"],
    "ModelSettings": ["resolve", "to_json_dict"],
    "Model": ["get_response", "stream_response", "close"],
    "ToolGuardrailFunctionOutput": ["allow", "reject_content", "raise_exception"],
    "SQLiteSession": ["get_items", "add_items", "pop_item", "clear_session", "close"],
    "RunContextWrapper": ["approve_tool", "reject_tool", "is_tool_approved"],
}
"""Methods that programs call; of all other classes, what they are made with is compared."""

Parameter: TypeAlias = list[Any]
"""Name, kind, and the default's text: None where there is none, "…" where it is an object."""


def described(thing: Any) -> list[Parameter] | None:
    """The parameters of a function or a class; None where it has no signature."""
    if dataclasses.is_dataclass(thing):  # some build their signature when they are first used
        return [_field(each) for each in dataclasses.fields(thing) if each.init]
    try:
        parameters = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[each.name, each.kind.name, _default(each.default)] for each in parameters]


def _field(field: dataclasses.Field[Any]) -> Parameter:
    kind = "KEYWORD_ONLY" if field.kw_only else "POSITIONAL_OR_KEYWORD"
    made = field.default_factory is not dataclasses.MISSING
    default = getattr(field.default, "default", field.default)  # as pydantic wraps it
    missing = default is dataclasses.MISSING
    return [field.name, kind, "…" if made else None if missing else _default(default)]


def _default(value: Any) -> str | None:
    if value is inspect.Parameter.empty:
        return None
    plain = value is None or isinstance(value, bool | int | float | str | tuple)
    return repr(value) if plain else "…"


def signatures(package: str) -> dict[str, list[Parameter]]:
    """All signatures of a package, by name."""
    api = import_module(package)
    found: dict[str, list[Parameter]] = {}
    for name in NAMES:
        thing = getattr(api, name, None)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            found[name] = described(thing) or []
        for method in METHODS.get(name, []):
            function = getattr(thing, method, None)
            if function is not None:
                found[f"{name}.{method}"] = described(function) or []
    return found


def compared(ours: list[Parameter], theirs: list[Parameter]) -> list[str]:
    """What a program for theirs cannot do with ours: nothing, if all is well."""
    mine = {name: (kind, default) for name, kind, default in ours}
    names = {name for name, _, _ in theirs}
    found: list[str] = []
    for name, kind, default in theirs:
        if name.startswith("_") or kind.startswith("VAR_"):
            continue
        if name not in mine:
            found.append(f"lacks {name}")
        elif kind != "KEYWORD_ONLY" and mine[name][0] == "KEYWORD_ONLY":
            found.append(f"{name} by keyword")
        elif default is not None and mine[name][1] != default:
            found.append(f"{name}={mine[name][1]}")
    needed = {
        name for name, (kind, default) in mine.items() if default is None and kind[:3] != "VAR"
    }
    return found + [f"needs {name}" for name in sorted(needed - names)] + _moved(ours, theirs)


def _moved(ours: list[Parameter], theirs: list[Parameter]) -> list[str]:
    """Whether those that both have come in another order."""

    def order(some: list[Parameter], others: list[Parameter]) -> list[str]:
        known = {name for name, kind, _ in others if kind != "KEYWORD_ONLY"}
        return [name for name, kind, _ in some if kind != "KEYWORD_ONLY" and name in known]

    return [] if order(ours, theirs) == order(theirs, ours) else ["another order"]


if __name__ == "__main__":
    told = signatures("agents")
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in told.items()]
    (HERE / "sdk_signatures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
