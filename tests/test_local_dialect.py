"""The requests that the embedded model gets, and the rule that picks its tools."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from openai.types.responses import Response

from rxagents.local import choose_tools
from rxagents.local.conversation import UnsupportedRequest, turns
from rxagents.local.dialect import DEFAULT_OUTPUT_TOKENS, cut_off_at, echo, rewrite
from rxagents.local.schema import MAX_ITEMS, bounded

Json = dict[str, Any]


def tool(name: str, description: str = "", **properties: Any) -> Json:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "type": "function",
        "name": name,
        "description": description,
        "parameters": parameters,
        "strict": True,
    }


WEATHER = tool("get_weather", "The weather in a city.", city={"type": "string"})
JOKES = tool("how_many_jokes", "The number of jokes to tell.")
SPANISH = tool("transfer_to_spanish_agent", "Handoff to the Spanish agent.")
ENGLISH = tool("transfer_to_english_agent", "Handoff to the English agent.")
MARKER = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "<tool_call>\n"}],
}


def rewritten(**request: Any) -> Json:
    return rewrite(request, choose_tools)


def names(request: Json) -> list[str]:
    return [tool["name"] for tool in choose_tools({"tools": [], **request})]


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def call(name: str, call_id: str = "c1") -> Json:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def output(value: Any, call_id: str = "c1") -> Json:
    return {"type": "function_call_output", "call_id": call_id, "output": value}


# What is sent


def test_rewrite_leaves_the_request_as_it_is() -> None:
    request: Json = {"input": "weather?", "tools": [WEATHER], "text": {"verbosity": "low"}}
    before = copy.deepcopy(request)
    rewrite(request, choose_tools)
    assert request == before


def test_rewrite_text_becomes_one_turn_with_defaults() -> None:
    body = rewritten(model="m", input="Hi", stream=True, store=False, reasoning={"effort": "low"})
    assert body == {
        "model": "m",
        "stream": True,
        "input": [user("Hi")],
        "temperature": 0,
        "max_output_tokens": DEFAULT_OUTPUT_TOKENS,
        "repeat_penalty": 1.1,
    }


def test_rewrite_keeps_the_settings_of_the_user() -> None:
    body = rewritten(
        input="weather", tools=[WEATHER], temperature=0.7, max_output_tokens=40, top_p=0.9, seed=1
    )
    kept = {key: body[key] for key in ("temperature", "max_output_tokens", "top_p", "seed")}
    assert kept == {"temperature": 0.7, "max_output_tokens": 40, "top_p": 0.9, "seed": 1}


def test_rewrite_null_settings_count_as_missing() -> None:
    body = rewritten(input="Hi", temperature=None, max_output_tokens=None)
    assert (body["temperature"], body["max_output_tokens"]) == (0, DEFAULT_OUTPUT_TOKENS)


def test_rewrite_an_offered_tool_is_forced() -> None:
    body = rewritten(input="What is the weather in Oslo?", tools=[JOKES, WEATHER])
    assert [tool["name"] for tool in body["tools"]] == ["get_weather"]
    assert body["tool_choice"] == "required"
    assert body["parallel_tool_calls"] is False
    assert body["stop"] == ["</tool_call>"]
    assert body["input"] == [user("What is the weather in Oslo?"), MARKER]
    assert body["tools"][0]["parameters"]["properties"]["city"]["maxLength"] == 80


def test_rewrite_a_tool_without_parameters_gets_an_empty_object() -> None:
    bare = {"type": "function", "name": "jokes", "parameters": None}
    [sent] = rewritten(input="jokes", tools=[bare])["tools"]
    assert sent["parameters"] == {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("choice", "offered"),
    [
        ("none", []),
        ("auto", []),
        ("required", ["how_many_jokes", "get_weather"]),
        ({"type": "function", "name": "get_weather"}, ["get_weather"]),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "how_many_jokes"}],
            },
            ["how_many_jokes"],
        ),
        (
            {
                "type": "allowed_tools",
                "mode": "auto",
                "tools": [{"type": "function", "name": "get_weather"}],
            },
            [],
        ),
    ],
)
def test_rewrite_tool_choice(choice: Any, offered: list[str]) -> None:
    body = rewritten(input="Good morning!", tools=[JOKES, WEATHER], tool_choice=choice)
    assert [tool["name"] for tool in body.get("tools", [])] == offered


def test_rewrite_leaves_hosted_tools_out() -> None:
    assert "tools" not in rewritten(input="search the web", tools=[{"type": "web_search"}])


def test_rewrite_asks_the_chooser_it_is_given() -> None:
    def last(request: Json) -> list[Json]:
        assert request["input"] == [user("Hi")]
        return list(request["tools"][-1:])

    body = rewrite({"input": "Hi", "tools": [WEATHER, JOKES]}, last)
    assert [tool["name"] for tool in body["tools"]] == ["how_many_jokes"]


def test_rewrite_output_type_goes_where_llama_cpp_looks() -> None:
    schema = {"type": "object", "properties": {"setup": {"type": "string"}}}
    format_ = {"type": "json_schema", "name": "Joke", "schema": schema, "strict": True}
    body = rewritten(input="A joke!", text={"format": format_})
    assert body["response_format"]["json_schema"] == {
        "name": "Joke",
        "schema": {
            "type": "object",
            "properties": {"setup": {"type": "string", "maxLength": 200}},
            "additionalProperties": False,
        },
    }
    assert "text" not in body
    assert "repeat_penalty" not in body


def test_rewrite_json_object_and_plain_text() -> None:
    as_json = rewritten(input="Hi", text={"format": {"type": "json_object"}})
    assert as_json["response_format"] == {"type": "json_object"}
    assert "response_format" not in rewritten(input="Hi", text={"format": {"type": "text"}})


def test_rewrite_an_output_is_not_kept_from_being_quoted() -> None:
    items = [user("Hi"), call("f"), output("42")]
    body = rewritten(input=items)
    assert "repeat_penalty" not in body
    assert body["frequency_penalty"] == 0.2


def test_cut_off_at_is_the_users_limit_or_that_of_what_must_be_whole() -> None:
    def limit(**request: Any) -> int | None:
        return cut_off_at(request, rewrite(request, choose_tools))

    assert limit(input="Hi") is None
    assert limit(input="Hi", max_output_tokens=7) == 7
    assert limit(input="weather", tools=[WEATHER]) == DEFAULT_OUTPUT_TOKENS
    assert limit(input="Hi", text={"format": {"type": "json_object"}}) == DEFAULT_OUTPUT_TOKENS


def test_echo_makes_a_valid_response() -> None:
    bare = {"type": "function", "name": "f"}
    request: Json = {"input": "Hi", "instructions": "Be kind.", "tools": [bare], "model": "gpt"}
    fields = echo(request, rewrite(request, choose_tools), model="small", created_at=1.0)
    answer: Json = {**fields, "id": "r", "output": []}
    response = Response.model_validate_json(json.dumps(answer), strict=True)
    assert response.model == "small"
    assert response.tool_choice == "auto"
    assert response.instructions == "Be kind."


# The conversation


def test_turns_of_every_role() -> None:
    items: list[Json] = [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"role": "assistant", "content": "Hello"},
        {
            "type": "message",
            "role": "assistant",
            "id": "m",
            "status": "completed",
            "content": [{"type": "refusal", "refusal": "No."}],
        },
        {"type": "reasoning", "id": "r", "summary": []},
    ]
    system, said, hello, refusal = turns(items)
    assert system == {"role": "system", "content": "Be brief."}
    assert said == user("Hi")
    assert hello["content"] == [{"type": "output_text", "text": "Hello"}]
    assert refusal["content"] == [{"type": "output_text", "text": "No."}]


def test_turns_of_several_calls_pair_each_output_with_its_call() -> None:
    items = [user("Hm?"), call("get_a", "1"), call("b_c", "2")]
    items += [output([{"type": "input_text", "text": "B"}], "2"), output("A", "1")]
    asked = "Fact: b c: B; a: A\nQuestion: Hm?\nAnswer the question using the fact."
    assert turns(items) == [user(asked)]


def test_turns_put_the_question_last_and_keep_what_was_before() -> None:
    before: list[Json] = [{"role": "system", "content": "Be brief."}, user("Hi")]
    before.append({"role": "assistant", "content": "Hello"})
    preamble = {"role": "assistant", "content": "Let me see."}
    answered = turns([*before, user("Hm?"), preamble, call("f"), output("42")])
    assert answered[:3] == turns(before)
    asked = "Fact: f: 42\nQuestion: Hm?\nAnswer the question using the fact."
    assert answered[3:] == [user(asked)]
    later = turns([*before, user("Hm?"), call("f"), output("42"), preamble, user("And?")])
    assert [turn["role"] for turn in later[3:]] == ["user", "assistant", "user"]


def test_turns_leave_handoffs_out() -> None:
    items = [user("Hola"), call("transfer_to_spanish_agent"), output("{'assistant': 'Spanish'}")]
    assert turns(items) == [user("Hola")]


def test_turns_an_output_without_its_call() -> None:
    system: Json = {"role": "system", "content": "Be brief."}
    assert turns([system, output("42")]) == [system, user("Fact: the tool: 42")]


def test_turns_refuse_images() -> None:
    image = {"role": "user", "content": [{"type": "input_image", "image_url": "data:,"}]}
    with pytest.raises(UnsupportedRequest, match="text only.*'input_image'"):
        turns([image])


# The rule


def test_choose_by_words_of_name_and_description() -> None:
    tools = [JOKES, WEATHER, SPANISH]
    assert names({"input": [user("Tell me a joke")], "tools": tools}) == ["how_many_jokes"]
    assert names({"input": [user("Weather in Rome?")], "tools": tools}) == ["get_weather"]
    assert names({"input": [user("Speak Spanish!")], "tools": tools}) == [
        "transfer_to_spanish_agent"
    ]
    assert names({"input": [user("Good morning")], "tools": tools}) == []


def test_choose_reads_camel_case() -> None:
    request = {"input": [user("any weather today?")], "tools": [tool("getWeatherReport")]}
    assert names(request) == ["getWeatherReport"]


def test_choose_what_the_instructions_name() -> None:
    request = {
        "input": [user("Hello")],
        "tools": [WEATHER, JOKES],
        "instructions": "First call the `how_many_jokes` tool.",
    }
    assert names(request) == ["how_many_jokes"]


def test_choose_ties_are_all_offered() -> None:
    tools = [tool("red_fish"), tool("blue_fish"), tool("cat")]
    assert names({"input": [user("the fish")], "tools": tools}) == ["red_fish", "blue_fish"]


def test_choose_nothing_twice_for_one_message() -> None:
    done = [user("Weather?"), call("get_weather"), output("sunny")]
    assert names({"input": done, "tools": [WEATHER]}) == []
    assert names({"input": [*done, user("And the weather now?")], "tools": [WEATHER]}) == [
        "get_weather"
    ]


def test_choose_after_an_output_only_what_the_instructions_name() -> None:
    items = [user("weather jokes"), call("get_weather"), output("sunny")]
    assert names({"input": items, "tools": [WEATHER, JOKES]}) == []
    told = {"input": items, "tools": [WEATHER, JOKES], "instructions": "how_many_jokes, too"}
    assert names(told) == ["how_many_jokes"]


def test_choose_only_handoffs_always_hand_off() -> None:
    both = [SPANISH, ENGLISH]
    assert len(names({"input": [user("Hm?")], "tools": both})) == 2
    handed_over = [user("Hm?"), call("transfer_to_spanish_agent"), output("{}")]
    assert names({"input": handed_over, "tools": [ENGLISH]}) == []


def test_choose_without_tools_or_input() -> None:
    assert names({"input": []}) == []
    assert names({"input": [], "tools": [WEATHER]}) == []


# The schema


def test_bounded_ends_strings_and_lists() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "short": {"type": "string", "maxLength": 3},
            "long": {"type": ["string", "null"], "maxLength": 10_000, "minLength": 50},
            "tags": {"type": "array", "items": {"type": "string"}},
            "many": {"type": "array", "items": {"type": "integer"}, "minItems": 9},
            "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "$defs": {"City": {"type": "object", "properties": {"name": {"type": "string"}}}},
    }
    narrow = bounded(schema, 20)
    lengths = narrow["properties"]
    assert lengths["name"]["maxLength"] == 20
    assert lengths["short"]["maxLength"] == 3
    assert lengths["long"]["maxLength"] == 50
    assert lengths["tags"] == {
        "type": "array",
        "items": {"type": "string", "maxLength": 20},
        "maxItems": MAX_ITEMS,
    }
    assert lengths["many"]["maxItems"] == 9
    assert lengths["either"]["anyOf"][0]["maxLength"] == 20
    assert narrow["$defs"]["City"]["properties"]["name"]["maxLength"] == 20


@pytest.mark.parametrize(
    "schema", [{"type": "object"}, {"type": "object", "additionalProperties": {"type": "string"}}]
)
def test_bounded_a_free_form_map_is_empty(schema: Json) -> None:
    assert bounded(schema, 20) == {"type": "object", "additionalProperties": False}


@pytest.mark.parametrize("schema", [{}, True, {"title": "Anything"}])
def test_bounded_anything_becomes_a_string(schema: Any) -> None:
    assert bounded(schema, 20) == {"type": "string", "maxLength": 20}


def test_bounded_tells_properties_from_keywords() -> None:
    schema = {"type": "object", "properties": {"type": {"enum": ["array"]}, "items": {"const": 1}}}
    assert bounded(schema, 20) == {**schema, "additionalProperties": False}


def test_bounded_keeps_tuples_and_references() -> None:
    schema = {"type": "array", "prefixItems": [{"type": "integer"}, {"$ref": "#/$defs/X"}]}
    assert bounded(schema, 20) == {**schema, "maxItems": MAX_ITEMS}
