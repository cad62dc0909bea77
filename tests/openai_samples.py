"""Values of the `openai` package's types, made at random from their annotations."""

from __future__ import annotations

import math
import types
from copy import deepcopy
from random import Random
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

TEXTS = ("", "x", "Grüße", "\U0001f680", "\ud83d", '"\n', "\u2028")
NUMBERS = (0, -1, 10**30)
FLOATS = (0.1, 1.0, 5e-324, -math.inf)
ODD: tuple[Any, ...] = (None, "5", 5, 1.0, True, [], {}, [{}], [None], {"type": "odd"}, {"a": [1]})


def sample(annotation: Any, random: Random, depth: int = 0) -> Any:
    """JSON that is valid for the annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return sample(get_args(annotation)[0], random, depth)
    if origin is Literal:
        return random.choice(get_args(annotation))
    if origin in (Union, types.UnionType):
        choices = get_args(annotation)
        if type(None) in choices and (depth > 4 or random.random() < 0.3):
            return None
        chosen = random.choice([choice for choice in choices if choice is not type(None)])
        return sample(chosen, random, depth)
    if origin is list:
        count = random.randint(0, 2 if depth < 5 else 0)
        return [sample(get_args(annotation)[0], random, depth + 1) for _ in range(count)]
    if origin is dict:
        return {"key": sample(get_args(annotation)[1], random, depth + 1)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _object(annotation, random, depth)
    return deepcopy(random.choice(_CHOICES[annotation]))


def spoil(value: dict[str, Any], random: Random) -> None:
    """Leave something out, or put something odd in its place, at a random depth."""
    places: list[tuple[Any, Any]] = []

    def collect(container: Any) -> None:
        if isinstance(container, (dict, list)):
            keys = list(container) if isinstance(container, dict) else range(len(container))
            for key in keys:
                places.append((container, key))
                collect(container[key])

    collect(value)
    container, key = random.choice(places)
    if isinstance(container, dict) and random.random() < 0.4:
        del container[key]
    else:
        container[key] = deepcopy(random.choice(ODD))


def _object(model: type[BaseModel], random: Random, depth: int) -> dict[str, Any]:
    return {
        field.alias or name: sample(field.annotation, random, depth + 1)
        for name, field in model.model_fields.items()
        if field.is_required() or (depth < 4 and random.random() < 0.4)
    }


_CHOICES: dict[Any, tuple[Any, ...]] = {
    str: TEXTS,
    bool: (True, False),
    int: NUMBERS,
    float: FLOATS,
    object: ODD,
    Any: ODD,
}
