"""The same programs on rxagents and on the OpenAI Agents SDK, and what is seen of each.

library      one of the two, with what the programs need of it
seen         what a program has been told, as lines of text
differences  what may differ, each named by its line in docs/differences.md
calls, steering, keeping
             the programs
sdk.json     what the SDK 0.24 has told; `python -m side_by_side` (in `tests`) writes it
"""
