"""Chat Completions of llama.cpp itself, which the embedded model is served by."""

from __future__ import annotations

import pytest
from chat_chunks import check, texts

from rxagents import ModelSettings, ModelTracing, OpenAIChatCompletionsModel
from rxagents.local import MODEL_NAME, available, find, local_client

pytestmark = [
    pytest.mark.local,
    pytest.mark.real_loop,
    pytest.mark.skipif(not available(), reason="needs `pip install rxagents[local]`"),
    pytest.mark.skipif(find() is None, reason="needs the weights: rxagents.local.fetch()"),
]


async def test_llama_cpp_answers_over_chat_completions() -> None:
    async with local_client() as client:
        model = OpenAIChatCompletionsModel(MODEL_NAME, client)
        events = [
            event
            async for event in model.stream_response(
                "Be short.",
                "Say hi.",
                ModelSettings(max_tokens=12),
                [],
                None,
                [],
                ModelTracing.DISABLED,
            )
        ]
    check(events)
    (text,) = texts(events)
    assert text
    last = events[-1]
    assert last.type in ("response.completed", "response.incomplete")
    assert last.response.usage is not None
    assert 0 < last.response.usage.output_tokens <= 12
