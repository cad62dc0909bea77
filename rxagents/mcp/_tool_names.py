"""Names of tools that say which server they are from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ._package import shown_name

_LONGEST = 64  # characters that OpenAI allows in a function's name


@dataclass(frozen=True)
class _Wanted:
    base: str
    seed: str

    @property
    def hashed(self) -> str:
        return _with_hash(self.base, self.seed)


def prefixed_names(tools: Sequence[tuple[str, str]], reserved: Collection[str] = ()) -> list[str]:
    """`mcp_<server>__<tool>` for each pair of server and tool, all different.

    Characters that a function's name cannot have become `_`. Where a name would be too long,
    `reserved`, or that of two tools, it ends in a hash of server and tool, so that it stays the
    same from one listing to the next.
    """
    wanted = [_Wanted(_base(*pair), f"{shown_name(pair[0])}\0{pair[1]}") for pair in tools]
    times = Counter(each.base for each in wanted)
    first = [
        each.hashed
        if times[each.base] > 1 or each.base in reserved or len(each.base) > _LONGEST
        else each.base
        for each in wanted
    ]
    names = [""] * len(wanted)
    used = set(reserved)
    for index in sorted(range(len(wanted)), key=lambda i: (first[i], wanted[i].seed, i)):
        name, attempt = first[index], 0
        while name in used:
            attempt += 1
            name = _with_hash(wanted[index].base, f"{wanted[index].seed}\0{attempt}")
        used.add(name)
        names[index] = name
    return names


def _base(server: str, tool: str) -> str:
    return f"mcp_{_safe(shown_name(server)) or 'server'}__{_safe(tool) or 'tool'}"


def _safe(name: str) -> str:
    allowed = (c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)
    return "".join(allowed).strip("_-")


def _with_hash(base: str, seed: str) -> str:
    suffix = "_" + hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest()[:8]
    stem = base[: _LONGEST - len(suffix)].rstrip("_-")
    return f"{stem or 'mcp'}{suffix}"
