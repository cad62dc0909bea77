"""One streamed answer over HTTP: its bytes through a decoder, its errors in one sentence each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import httpx2
import openai

from rxagents.exceptions import ModelStreamCutError

from .errors import model_api_error

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.responses import ResponseStreamEvent

_DRAIN = 0.25  # seconds a server may take to end its body after the last event


class StreamDecoder(Protocol):
    """Turns the bytes of one answer into events."""

    @property
    def count(self) -> int:
        """Events so far."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing of the rest of the body matters."""
        ...

    @property
    def whole(self) -> bool:
        """Whether the answer is whole if the connection ends here."""
        ...

    def feed(self, chunk: bytes) -> Iterable[ResponseStreamEvent]:
        """The events that `chunk` completes. Raises at what is none, after those before it."""
        ...

    def finish(self) -> Iterable[ResponseStreamEvent]:
        """What is left to tell when the body has ended; raises if it may not end here."""
        ...


async def streamed(
    answer: AbstractAsyncContextManager[httpx2.Response], decoder: StreamDecoder
) -> AsyncGenerator[ResponseStreamEvent]:
    """Iterate over the events of `answer`; closing the iterator closes its connection.

    Where the last event has come, the connection is read to its end first, without which it could
    not be used again.
    """
    async with answer as response:
        chunks = response.aiter_bytes()
        try:
            async for chunk in chunks:
                for event in decoder.feed(chunk):
                    yield event
                if decoder.ended:
                    return
        except httpx2.HTTPError:
            if not decoder.whole:
                raise
        finally:
            if decoder.ended:  # whoever reads may leave at the last event: then this comes first
                await _drain(chunks)
        for event in decoder.finish():
            yield event


@asynccontextmanager
async def answered(
    create: Callable[..., AbstractAsyncContextManager[Any]],
    request: dict[str, Any],
    decoder: StreamDecoder,
    *,
    model: str,
    client: AsyncOpenAI,
) -> AsyncGenerator[httpx2.Response]:
    """The HTTP response to `create(**request, stream=True)` of the client, open.

    Raises a ModelAPIError if the request fails, and ModelStreamCutError if its body breaks off.
    """
    try:
        async with create(**request, stream=True) as answer:
            yield answer.http_response
    except openai.APIError as error:
        raise model_api_error(error, model, client) from error
    except httpx2.HTTPError as error:
        # The client maps the errors of the request; those of the body reach us bare.
        raise ModelStreamCutError(
            f"the connection to the model broke off after {decoder.count} events "
            f"({type(error).__name__}: {error or 'no more is known'})",
            event_index=decoder.count,
        ) from error


async def _drain(chunks: AsyncIterator[bytes]) -> None:
    with anyio.move_on_after(_DRAIN), suppress(httpx2.HTTPError):
        async for _ in chunks:
            continue
