"""Which tools of an MCP server an agent is offered, under which names, and who must agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.types import Tool as MCPTool
from mcp_servers import Backend, MCPServerInMemory, tool

from rxagents import Agent, UserError
from rxagents.context import RunContextWrapper
from rxagents.mcp import RequireApprovalSetting, ToolFilterContext, create_static_tool_filter
from rxagents.mcp._tool_names import prefixed_names

AGENT = Agent(name="a")
CONTEXT: RunContextWrapper[Any] = RunContextWrapper({"admin": True})
THREE = (tool("read"), tool("write"), tool("erase"))


async def offered(tool_filter: Any) -> list[str]:
    async with MCPServerInMemory(Backend(*THREE), tool_filter=tool_filter) as server:
        return [each.name for each in await server.list_tools(CONTEXT, AGENT)]


# Filters


@pytest.mark.parametrize(
    ("allowed", "blocked", "names"),
    [
        (None, None, ["read", "write", "erase"]),
        (["erase", "read", "other"], None, ["read", "erase"]),
        (None, ["erase"], ["read", "write"]),
        (["read", "erase"], ["erase"], ["read"]),
        ([], None, []),
        (None, [], ["read", "write", "erase"]),
    ],
)
async def test_names_allow_and_block(
    allowed: list[str] | None, blocked: list[str] | None, names: list[str]
) -> None:
    assert await offered(create_static_tool_filter(allowed, blocked)) == names


def test_a_filter_without_names_is_none() -> None:
    assert create_static_tool_filter() is None


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_function_is_told_who_asks(is_async: bool) -> None:
    def plain(context: ToolFilterContext, each: MCPTool) -> bool:
        assert (context.run_context, context.agent, context.server_name) == (
            CONTEXT,
            AGENT,
            "memory",
        )
        return context.run_context.context["admin"] and each.name != "erase"

    async def later(context: ToolFilterContext, each: MCPTool) -> bool:
        return plain(context, each)

    assert await offered(later if is_async else plain) == ["read", "write"]


async def test_a_function_that_raises_keeps_the_tool_out(caplog: pytest.LogCaptureFixture) -> None:
    def broken(_: ToolFilterContext, each: MCPTool) -> bool:
        return bool(1 / (each.name != "write"))

    assert await offered(broken) == ["read", "erase"]
    assert "raised for the tool 'write', which is left out" in caplog.text


async def test_a_function_cannot_be_asked_by_nobody() -> None:
    def anything(_: ToolFilterContext, __: MCPTool) -> bool:
        return True

    async with MCPServerInMemory(Backend(), tool_filter=anything, name="files") as server:
        with pytest.raises(UserError, match="'files' is a function.*call list_tools.run_context"):
            await server.list_tools()


async def test_a_filter_works_on_what_is_cached_and_cannot_spoil_it() -> None:
    backend = Backend(*THREE)

    def spoil(_: ToolFilterContext, each: MCPTool) -> bool:
        each.name = "spoilt"
        return True

    async with MCPServerInMemory(backend, tool_filter=spoil, cache_tools_list=True) as server:
        for _ in range(2):
            tools = await server.list_tools(CONTEXT, AGENT)
            assert [each.name for each in tools] == ["read", "write", "erase"]
        server.tool_filter = create_static_tool_filter(["read"])
        assert [each.name for each in await server.list_tools(CONTEXT, AGENT)] == ["read"]
    assert backend.listings == 1


# Approval


async def needed(setting: RequireApprovalSetting, agent: Agent[Any] | None = AGENT) -> list[str]:
    """The tools whose calls need approval."""
    server = MCPServerInMemory(Backend(), require_approval=setting)
    names: list[str] = []
    for each in THREE:
        answer = server.needs_approval(each, agent)
        if await answer(CONTEXT, {}, "call_1") if callable(answer) else answer:
            names.append(each.name)
    return names


def ask(context: RunContextWrapper[Any], agent: Agent[Any], each: MCPTool) -> bool:
    assert (context, agent) == (CONTEXT, AGENT)
    return each.name == "erase"


async def ask_later(context: RunContextWrapper[Any], agent: Agent[Any], each: MCPTool) -> bool:
    return ask(context, agent, each)


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        (None, []),
        ("never", []),
        (False, []),
        ("always", ["read", "write", "erase"]),
        (True, ["read", "write", "erase"]),
        ({"write": "always", "read": "never"}, ["write"]),
        ({"always": {"tool_names": ["erase"]}, "never": {"tool_names": ["read"]}}, ["erase"]),
        ({"always": {"tool_names": ["erase"]}}, ["erase"]),
        ({"always": "always"}, []),  # a tool of that name
        (ask, ["erase"]),
        (ask_later, ["erase"]),
    ],
)
async def test_settings_of_approval(setting: RequireApprovalSetting, names: list[str]) -> None:
    assert await needed(setting) == names


async def test_where_nobody_can_be_asked_every_call_needs_approval() -> None:
    assert await needed(ask, agent=None) == ["read", "write", "erase"]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("sometimes", "require_approval must be 'always', 'never' or a bool, not 'sometimes'"),
        ({"read": "maybe"}, r"require_approval\['read'\] must be .*, not 'maybe'"),
        ({"always": {"tool_names": "erase"}}, r"require_approval\['always'\] must be \{'tool_nam"),
        ({"never": {"tool_names": [1]}}, r"require_approval\['never'\] must be"),
        ({"always": {"tool_names": []}, "read": "never"}, "takes 'always' and 'never', not 'read'"),
        (
            {"always": {"tool_names": ["a"]}, "never": {"tool_names": ["a"]}},
            "has 'a' under 'always' and under 'never'",
        ),
    ],
)
def test_settings_of_approval_that_cannot_be(setting: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        MCPServerInMemory(Backend(), require_approval=setting)


# Names


def test_names_say_which_server_a_tool_is_from() -> None:
    assert prefixed_names([("git hub", "list/files"), ("Ångström", "-x-"), ("", "")]) == [
        "mcp_git_hub__list_files",
        "mcp_ngstr_m__x",
        "mcp_server__tool",
    ]


def test_a_name_that_is_long_taken_or_double_ends_in_a_hash() -> None:
    (long,) = prefixed_names([("s" * 40, "t" * 40)])
    assert long == f"mcp_{'s' * 40}__{'t' * 9}_2530397b"
    assert len(long) == 64
    (taken,) = prefixed_names([("s", "t")], reserved={"mcp_s__t"})
    assert taken == "mcp_s__t_c92ec2fb"
    double = prefixed_names([("s", "a b"), ("s", "a/b")])
    assert double == ["mcp_s__a_b_c839f299", "mcp_s__a_b_df84752f"]
    assert prefixed_names([("s", "a/b"), ("s", "a b")]) == double[::-1]


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=6), st.data())
def test_names_are_different_and_fit_a_function(
    pairs: list[tuple[str, str]], data: st.DataObject
) -> None:
    plain = prefixed_names(pairs)
    reserved = set(data.draw(st.lists(st.sampled_from(plain)))) if plain else set[str]()
    names = prefixed_names(pairs, reserved)
    assert len(set(names) | reserved) == len(names) + len(reserved)
    for name in names:
        assert 0 < len(name) <= 64
        assert all(c.isascii() and (c.isalnum() or c in "_-") for c in name)
