"""What is `agents.computer` in the OpenAI Agents SDK; here it is in `local_tools`."""

from .local_tools.computer import AsyncComputer as AsyncComputer
from .local_tools.computer import Button as Button
from .local_tools.computer import Computer as Computer
from .local_tools.computer import Environment as Environment
