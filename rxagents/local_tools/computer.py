"""Computers that a model can look at and use: what an application implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal, TypeAlias

Environment: TypeAlias = Literal["mac", "windows", "ubuntu", "browser"]
Button: TypeAlias = Literal["left", "right", "wheel", "back", "forward"]


class _Described:
    """What preview models, and only they, are told of a computer."""

    @property
    def environment(self) -> Environment | None:
        """What it is."""
        return None

    @property
    def dimensions(self) -> tuple[int, int] | None:
        """Width and height of its screen, in pixels."""
        return None


class Computer(_Described, ABC):
    """A computer whose methods are plain functions; they are called in threads.

    Places are in pixels from the upper left. Methods that take `x`, `y` or a `path` may also take
    a keyword argument `keys`: the names of the keys that are held meanwhile.
    """

    @abstractmethod
    def screenshot(self) -> str:
        """The screen as a PNG in base64."""

    @abstractmethod
    def click(self, x: int, y: int, button: Button) -> None:
        """Click once."""

    @abstractmethod
    def double_click(self, x: int, y: int) -> None:
        """Click twice."""

    @abstractmethod
    def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None:
        """Scroll at a place, by pixels to the right and down."""

    @abstractmethod
    def type(self, text: str) -> None:
        """Type a text."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until the computer can go on."""

    @abstractmethod
    def move(self, x: int, y: int) -> None:
        """Move the mouse."""

    @abstractmethod
    def keypress(self, keys: list[str]) -> None:
        """Press keys together, such as `["ctrl", "c"]`."""

    @abstractmethod
    def drag(self, path: list[tuple[int, int]]) -> None:
        """Move the mouse along a path with its button held."""


class AsyncComputer(_Described, ABC):
    """A computer whose methods are `async def`; otherwise as Computer."""

    @abstractmethod
    async def screenshot(self) -> str:
        """The screen as a PNG in base64."""

    @abstractmethod
    async def click(self, x: int, y: int, button: Button) -> None:
        """Click once."""

    @abstractmethod
    async def double_click(self, x: int, y: int) -> None:
        """Click twice."""

    @abstractmethod
    async def scroll(self, x: int, y: int, scroll_x: int, scroll_y: int) -> None:
        """Scroll at a place, by pixels to the right and down."""

    @abstractmethod
    async def type(self, text: str) -> None:
        """Type a text."""

    @abstractmethod
    async def wait(self) -> None:
        """Wait until the computer can go on."""

    @abstractmethod
    async def move(self, x: int, y: int) -> None:
        """Move the mouse."""

    @abstractmethod
    async def keypress(self, keys: list[str]) -> None:
        """Press keys together, such as `["ctrl", "c"]`."""

    @abstractmethod
    async def drag(self, path: list[tuple[int, int]]) -> None:
        """Move the mouse along a path with its button held."""
