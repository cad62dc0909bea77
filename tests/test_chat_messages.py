"""Items of the Responses API to chat messages, and what else a request has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from chat_chunks import answer, call_delta, decode, items_of, plain
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI
from openai.types.shared import Reasoning

from rxagents import Agent, ModelSettings, UserError, function_tool, handoff
from rxagents.models.chat_messages import chat_messages
from rxagents.models.chat_request import chat_request, chat_tool_choice, chat_tools, is_openai
from rxagents.models.responses_request import responses_request

ASKED = {"role": "user", "content": "Weather?"}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city":"Oslo"}',
}
CALLED = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "Sunny."}
TOLD = {"role": "tool", "tool_call_id": "call_1", "content": "Sunny."}


def said(*texts: str, **fields: Any) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content, **fields}


def messages(*items: object, **options: Any) -> list[dict[str, Any]]:
    return chat_messages(items, **{"model": "gpt-test", **options})


# --- messages -------------------------------------------------------------------------------


def test_a_string_is_a_message_of_the_user() -> None:
    assert chat_messages("Hi", model="m") == [{"role": "user", "content": "Hi"}]


def test_messages_keep_their_role() -> None:
    assert messages(
        {"role": "system", "content": "Be kind."},
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "!"}]},
        ASKED,
        {"role": "assistant", "content": "Where?"},
        {"type": "message", "role": "user", "content": "Oslo"},
    ) == [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": [{"type": "text", "text": "!"}]},
        ASKED,
        {"role": "assistant", "content": "Where?"},
        {"role": "user", "content": "Oslo"},
    ]


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ({"type": "input_text", "text": "a"}, {"type": "text", "text": "a"}),
        (
            {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "x"}},
            {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "x"}},
        ),
        (
            {"type": "input_image", "image_url": "https://x/y.png", "detail": "low"},
            {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}},
        ),
        (
            {"type": "input_image", "image_url": "data:image/png;base64,AA"},
            {
                "type": "image_url",
                "image_url": {"url": "data:image/png;base64,AA", "detail": "auto"},
            },
        ),
        (
            {"type": "input_image", "image_url": "https://x", "detail": "original"},
            {"type": "image_url", "image_url": {"url": "https://x", "detail": "high"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        ),
        (
            {"type": "input_file", "file_data": "data:,x", "filename": "x.txt"},
            {"type": "file", "file": {"file_data": "data:,x", "filename": "x.txt"}},
        ),
        (
            {"type": "input_file", "file_id": "file_1"},
            {"type": "file", "file": {"file_id": "file_1"}},
        ),
        ({"type": "text", "text": "a"}, {"type": "text", "text": "a"}),
        (
            {"type": "image_url", "image_url": {"url": "https://x"}},
            {"type": "image_url", "image_url": {"url": "https://x"}},
        ),
    ],
)
def test_each_part_is_carried(part: dict[str, Any], made: dict[str, Any]) -> None:
    assert messages({"role": "user", "content": [part]}) == [{"role": "user", "content": [made]}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"type": "input_image", "file_id": "f"}], "has an image without image_url"),
        ([{"type": "input_file", "file_url": "https://x"}], "Chat Completions takes no file_url"),
        ([{"type": "input_audio"}], "has a part that Chat Completions cannot carry"),
        ([{"type": "hologram"}], "has a part that Chat Completions cannot carry: .*hologram"),
        (7, "is neither a string nor a list of parts: 7"),
        (["Hi"], "is neither a string nor a list of parts"),
    ],
)
def test_a_part_that_cannot_be_carried_is_refused(content: object, message: str) -> None:
    with pytest.raises(UserError, match=f"item 2 of the input.* {message}"):
        messages(ASKED, {"role": "user", "content": content})


def test_only_text_can_be_told_by_the_system_and_said_by_the_model() -> None:
    image = {"type": "input_image", "image_url": "https://x"}
    with pytest.raises(UserError, match="item 1 of the input may hold only text"):
        messages({"role": "system", "content": [image]})
    with pytest.raises(UserError, match="item 1 of the input is the model's own and can hold"):
        messages({"role": "assistant", "content": [image]})


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"type": "web_search_call", "id": "ws_1"}, "item 1 .* is a 'web_search_call', which"),
        ({"type": "item_reference", "id": "msg_1"}, "is a 'item_reference', which"),
        ({"type": "compaction", "id": "c"}, "is a 'compaction', which"),
        ({"role": "critic", "content": "Bad."}, "has the role 'critic'; Chat Completions has"),
        ("Hi", "item 1 of the input is not a dictionary: 'Hi'"),
        ({**OUTPUT, "call_id": None}, "the output of a tool without the call_id of its call"),
    ],
)
def test_an_item_that_cannot_be_carried_is_refused(item: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        messages(item)


def test_an_answer_is_one_message_with_its_calls() -> None:
    second = {**CALL, "call_id": "call_2", "name": "time", "arguments": ""}
    assert messages(ASKED, said("Let me", "look."), CALL, second, OUTPUT, said("Fine.")) == [
        ASKED,
        {
            "role": "assistant",
            "content": "Let me\nlook.",
            "tool_calls": [
                CALLED,
                {
                    "id": "call_2",
                    "type": "function",
                    "function": {"name": "time", "arguments": "{}"},
                },
            ],
        },
        TOLD,
        {"role": "assistant", "content": "Fine."},
    ]


def test_a_text_after_a_call_does_not_come_between_the_call_and_its_output() -> None:
    assert messages(said("a"), CALL, said("b"), OUTPUT) == [
        {"role": "assistant", "content": "a\nb", "tool_calls": [CALLED]},
        TOLD,
    ]
    assert messages(CALL, said("b"), OUTPUT)[0]["content"] == "b"
    assert messages(CALL, OUTPUT)[0] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [CALLED],
    }


def test_messages_that_follow_one_another_stay_apart() -> None:
    assert [m["content"] for m in messages(said("a"), said("b"))] == ["a", "b"]


def test_a_refusal_stays_one() -> None:
    refusal = {"type": "refusal", "refusal": "No."}
    assert messages(said(content=[refusal])) == [
        {"role": "assistant", "content": None, "refusal": "No."}
    ]
    assert messages(said(content=[])) == [{"role": "assistant", "content": ""}]


# --- outputs of tools ---------------------------------------------------------------------------

IMAGE = {"type": "input_image", "image_url": "https://x", "detail": "low"}
SHOWN = {"type": "image_url", "image_url": {"url": "https://x", "detail": "low"}}


def test_an_output_in_parts_of_text_stays_in_parts() -> None:
    parts = [{"type": "input_text", "text": text} for text in "ab"]
    (_, told) = messages(CALL, {**OUTPUT, "output": parts})
    assert told["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_what_a_tools_message_cannot_hold_follows_all_of_them_as_from_the_user() -> None:
    second = {**CALL, "call_id": "call_2"}
    got = messages(
        CALL,
        second,
        {**OUTPUT, "output": [{"type": "input_text", "text": "A map:"}, IMAGE]},
        {**OUTPUT, "call_id": "call_2", "output": [IMAGE]},
        said("I see."),
        ASKED,
    )
    assert got[1:] == [
        {**TOLD, "content": [{"type": "text", "text": "A map:"}]},
        {
            "role": "tool",
            "tool_call_id": "call_2",
            "content": "The output follows in the next message.",
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "The output of the call call_1:"},
                SHOWN,
                {"type": "text", "text": "The output of the call call_2:"},
                SHOWN,
            ],
        },
        {"role": "assistant", "content": "I see."},
        ASKED,
    ]


def test_what_a_tools_message_cannot_hold_is_refused_where_it_shall_be() -> None:
    with pytest.raises(UserError, match="item 2 of the input is the output of a tool and holds"):
        messages(CALL, {**OUTPUT, "output": [IMAGE]}, strict=True)


# --- reasoning ------------------------------------------------------------------------------


def thought(text: str, **mark: Any) -> dict[str, Any]:
    summary = [{"type": "summary_text", "text": text}]
    return {"type": "reasoning", "id": "rs_1", "summary": summary, "provider_data": mark}


def test_reasoning_is_left_out() -> None:
    assert messages(thought("Hm.", model="gpt-test"), said("Yes.")) == [
        {"role": "assistant", "content": "Yes."}
    ]


def test_reasoning_is_sent_back_where_it_is_asked_for() -> None:
    asked: list[Any] = []

    def replays(item: Any) -> bool:
        asked.append(item)
        return True

    items = [thought("Hm."), CALL, OUTPUT, thought("a"), thought("b"), said("Yes.")]
    first, _, second = messages(*items, replays_reasoning=replays)
    assert first["reasoning_content"] == "Hm."
    assert second["reasoning_content"] == "a\nb"
    assert [each["type"] for each in asked] == ["reasoning"] * 3


def test_reasoning_belongs_to_the_answer_it_led_to() -> None:
    got = messages(
        said("a"),
        thought("b's"),
        said("b"),
        thought("nobody's"),
        ASKED,
        said("c"),
        replays_reasoning=lambda _: True,
    )
    assert [each.get("reasoning_content") for each in got] == [None, "b's\nnobody's", None, None]


def test_reasoning_that_led_to_nothing_is_no_other_answers() -> None:
    got = messages(ASKED, thought("Hm."), ASKED, said("c"), replays_reasoning=lambda _: True)
    assert got == [ASKED, ASKED, {"role": "assistant", "content": "c"}]


def test_a_model_gets_back_its_own_thoughts_as_they_came() -> None:
    delta = {
        "reasoning": "Hm.",
        "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm."}],
    }
    call = call_delta(0, "{}", name="f", call_id="call_1")
    items = [plain(item) for item in items_of(decode(answer(delta, call)))]
    (message,) = messages(*items)
    assert message["reasoning"] == "Hm."
    assert message["reasoning_details"] == delta["reasoning_details"]
    (other,) = messages(*items, model="another")
    assert set(other) == {"role", "content", "tool_calls"}


def test_gemini_gets_back_the_mark_of_its_call() -> None:
    marked = {**CALL, "provider_data": {"model": "gemini-3", "thought_signature": "sig"}}
    (message,) = messages(marked, model="gemini-3-pro")
    assert message["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "sig"}}
    (message,) = messages(marked)
    assert message["tool_calls"] == [CALLED]


TEXT = st.text(max_size=5)
ITEMS = st.lists(
    st.one_of(
        TEXT.map(lambda t: {"role": "user", "content": t}),
        st.lists(TEXT, max_size=2).map(lambda texts: said(*texts)),
        TEXT.map(thought),
        st.sampled_from("abc").map(lambda i: {**CALL, "call_id": i}),
    ),
    max_size=8,
)


@given(ITEMS)
def test_calls_are_directly_before_their_outputs_and_nothing_is_lost(items: list[Any]) -> None:
    calls: list[str] = []
    whole: list[Any] = []
    for item in items:  # an output after each answer's calls, as a run has it
        if calls and item.get("type") not in ("function_call", "message", "reasoning"):
            whole += [{**OUTPUT, "call_id": call} for call in calls]
            calls = []
        whole.append(item)
        calls += [item["call_id"]] if item.get("type") == "function_call" else []
    whole += [{**OUTPUT, "call_id": call} for call in calls]
    got = messages(*whole, replays_reasoning=lambda _: True)
    wanted: list[str] = []
    for message in got:
        assert (message["role"] == "tool") == bool(wanted)
        if message["role"] == "tool":
            wanted.remove(message["tool_call_id"])
        wanted += [call["id"] for call in message.get("tool_calls", ())]
    assert wanted == []
    texts = [part["text"] for item in items for part in item.get("content", ()) if "id" in item]
    for text in texts:
        assert any(text in (m["content"] or "") for m in got if m["role"] == "assistant")


# --- the request --------------------------------------------------------------------------------


@dataclass
class Schema:
    plain: bool = False

    def is_plain_text(self) -> bool:
        return self.plain

    def name(self) -> str:
        return "list[Trip]"

    def json_schema(self) -> dict[str, Any]:
        return {"type": "object"}

    def is_strict_json_schema(self) -> bool:
        return True


def request(settings: ModelSettings | None = None, **options: Any) -> dict[str, Any]:
    return chat_request(
        "m",
        [ASKED],
        settings or ModelSettings(),
        **{"tools": [], "output_schema": None, "official": False, **options},
    )


def test_what_is_not_set_is_not_sent() -> None:
    assert request() == {
        "model": "m",
        "messages": [ASKED],
        "stream_options": {"include_usage": True},
    }
    assert "stream_options" not in request(ModelSettings(include_usage=False))


def test_every_setting_is_sent() -> None:
    settings = ModelSettings(
        temperature=0.5,
        top_p=0.9,
        frequency_penalty=0.1,
        presence_penalty=0.2,
        tool_choice="weather",
        parallel_tool_calls=False,
        max_tokens=7,
        reasoning=Reasoning(effort="low"),
        verbosity="low",
        metadata={"a": "b"},
        store=False,
        prompt_cache_retention="24h",
        top_logprobs=2,
        extra_query={"q": "1"},
        extra_body={"top_k": 3},
        extra_headers={"X-A": "b"},
        extra_args={"seed": 1},
    )
    tools = [{"type": "function", "function": {"name": "weather"}}]
    assert request(settings, tools=tools) == {
        "model": "m",
        "messages": [ASKED],
        "tools": tools,
        "temperature": 0.5,
        "top_p": 0.9,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": False,
        "max_tokens": 7,
        "reasoning_effort": "low",
        "verbosity": "low",
        "metadata": {"a": "b"},
        "store": False,
        "prompt_cache_retention": "24h",
        "logprobs": True,
        "top_logprobs": 2,
        "stream_options": {"include_usage": True},
        "extra_query": {"q": "1"},
        "extra_body": {"top_k": 3},
        "extra_headers": {"X-A": "b"},
        "seed": 1,
    }
    without = request(settings)
    assert without.keys().isdisjoint({"tools", "tool_choice", "parallel_tool_calls"})


def test_openai_itself_is_told_the_limit_by_its_new_name() -> None:
    got = request(ModelSettings(max_tokens=7), official=True)
    assert got["max_completion_tokens"] == 7
    assert "max_tokens" not in got
    assert is_openai(AsyncOpenAI(api_key="k", base_url="https://api.openai.com/v1"))
    assert not is_openai(AsyncOpenAI(api_key="k", base_url="http://localhost:8000/v1"))


def test_a_schema_is_a_response_format() -> None:
    assert request(output_schema=Schema())["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "final_output", "schema": {"type": "object"}, "strict": True},
    }
    assert "response_format" not in request(output_schema=Schema(plain=True))


def test_tools_and_handoffs_are_functions() -> None:
    @function_tool
    def weather(city: str) -> str:
        """Tell the weather."""
        return city

    described = chat_tools([weather], [handoff(Agent("Expert"))])
    assert [each["type"] for each in described] == ["function", "function"]
    first, second = (each["function"] for each in described)
    assert first["name"] == "weather"
    assert first["description"] == "Tell the weather."
    assert first["parameters"] == weather.params_json_schema
    assert first["strict"] is True
    assert second["name"] == "transfer_to_expert"
    assert second["parameters"]["type"] == "object"


def test_a_hosted_tool_is_refused() -> None:
    class WebSearchTool:
        name = "web_search"

    with pytest.raises(UserError, match=r"the tool 'web_search' \(WebSearchTool\) is run by the"):
        chat_tools([WebSearchTool()], [])


def test_a_tool_choice_is_a_word_or_a_function() -> None:
    for word in (None, "auto", "required", "none"):
        assert chat_tool_choice(word) == word
    with pytest.raises(UserError, match="is about hosted tools, which Chat Completions does not"):
        chat_tool_choice({"server_label": "x"})


def test_the_responses_api_gets_items_without_what_is_for_another_provider() -> None:
    delta = {"reasoning_content": "Hm.", "content": "Yes."}
    items: list[Any] = [plain(item) for item in items_of(decode(answer(delta)))]
    own: Any = {"type": "reasoning", "id": "rs_1", "summary": []}
    told = responses_request(
        "m", None, [own, *items], ModelSettings(), tools=[], output_schema=None
    )["input"]
    assert told == [own, {k: v for k, v in items[1].items() if k not in ("id", "provider_data")}]
