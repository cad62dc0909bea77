"""The model's words: as they come, as they grow, and cut where speech would pause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from openai.types.responses import ResponseTextDeltaEvent
from reactivex import Observable, abc, defer

from rxagents.events import RawResponsesStreamEvent, StreamEvent

from ._choose import choose

# A sentence ends at . ! ? … with closing quotes and brackets, once the next word has begun; at the
# full-width marks of CJK text, which no white space follows; and at an empty line.
_END = re.compile(
    r"""(?P<latin>[.!?…]+["'”’»)\]*_]*)(?=(?P<space>\s+)(?P<next>\S))"""
    r"""|(?P<cjk>[。！？｡]+[」』”’）]*)(?=[^。！？｡」』”’）])"""
    r"""|(?P<paragraph>\n\s*\n)"""
)
# Words whose full stop ends no sentence, though a capital or a digit may follow. A single letter
# is an initial; digits are the number of a list's item.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[\"'“‘])(?:[A-Za-z]|\d+|Mr|Mrs|Ms|Dr|Prof|St|vs|Nos?|Figs?|Eq|ca|cf|eds?|vol|pp"
    r"|Gen|Col|Sgt|Capt|Lt|Rev|Hon|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
    r"|(?![ap]\.m)(?:[A-Za-z]\.)+[A-Za-z])\.$"
)


def text_deltas() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The pieces of the model's answer, as they come. Lossless.

    source          --A--r--"Hel"--"lo"--i--|
    text_deltas()   --------"Hel"--"lo"-----|
    """

    def pick(event: StreamEvent) -> str | None:
        if type(event) is RawResponsesStreamEvent and type(event.data) is ResponseTextDeltaEvent:
            return event.data.delta
        return None

    return choose(pick)


def text() -> Callable[[Observable[StreamEvent]], Observable[str]]:
    """The message so far, at each of its deltas. Lossless.

        source   --A--"Hel"----"lo"-----o--"Oslo"--|     o: the next message begins
        text()   -----"Hel"----"Hello"-----"Oslo"--|

    It starts anew with every message, and with another attempt at the same one.
    """

    def growing(source: Observable[StreamEvent]) -> Observable[str]:
        message: tuple[object, ...] = ()
        so_far = ""

        def pick(event: StreamEvent) -> str | None:
            nonlocal message, so_far
            if type(event) is not RawResponsesStreamEvent:
                return None
            delta = event.data
            if type(delta) is not ResponseTextDeltaEvent:
                return None
            # With the turn, as some servers give every message the same id.
            current = (event.turn, event.attempt, delta.item_id, delta.output_index)
            if current != message:
                message, so_far = current, ""
            so_far += delta.delta
            return so_far

        return choose(pick)(source)

    return lambda source: defer(lambda _: growing(source))


def sentences() -> Callable[[Observable[str]], Observable[str]]:
    """Text in whole sentences, each as soon as it is known to have ended. Lossless.

        source        --"Hi."--" How"--" are you?"--" I"-----------------|
        sentences()   ---------"Hi."-----------------"How are you?"--"I"-|

    A sentence ends at `.`, `!`, `?` or `…` before a word that does not begin in lower case, at
    `。！？`, and at an empty line; not after an abbreviation, an initial or a number with a full
    stop. White space around it is dropped. What is left when the source ends, or fails, is
    emitted before that.
    """

    def subscribe_to(source: Observable[str]) -> Observable[str]:
        def subscribe(
            observer: abc.ObserverBase[str], scheduler: abc.SchedulerBase | None = None
        ) -> abc.DisposableBase:
            pending = ""

            def on_next(piece: str) -> None:
                nonlocal pending
                pending += piece
                cut = 0
                for end in _ends(pending):
                    emit(pending[cut:end])
                    cut = end
                pending = pending[cut:]

            def emit(sentence: str) -> None:
                if sentence := sentence.strip():
                    observer.on_next(sentence)

            def on_error(error: Exception) -> None:
                emit(pending)
                observer.on_error(error)

            def on_completed() -> None:
                emit(pending)
                observer.on_completed()

            return source.subscribe(on_next, on_error, on_completed, scheduler=scheduler)

        return Observable(subscribe)

    return subscribe_to


def _ends(text: str) -> Iterator[int]:
    """The places in `text` after which a new sentence begins."""
    start = 0
    for match in _END.finditer(text):
        if match["latin"] is not None:
            goes_on = match["next"].islower() and "\n" not in match["space"]
            sentence = text[start : match.end()]
            if goes_on or (match["latin"] == "." and _ABBREVIATION.search(sentence)):
                continue
        start = match.end()
        yield start
