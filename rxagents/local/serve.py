"""The process that runs llama.cpp: `python serve.py MODEL.gguf`, with settings on standard input.

It is a process of its own since starting llama.cpp holds the interpreter's lock for a second, and
a crash in native code would take the program along. It is run as a file, and imports nothing of
this package, so that it starts in the time that llama.cpp takes.

The first line of standard input is a JSON object: `token` (asked of every request; a secret, and
therefore not in the arguments), `alias` (the model's name in answers), `chat_template`. The only
line of standard output is `{"url": "http://127.0.0.1:..."}`, once it serves. When standard input
ends, which it does however the parent ends, so does this process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

CONTEXT_TOKENS = 8192
"""What a request and its answer may take together; all requests at a time share it."""

PARALLEL = 4
"""Requests that are answered at the same time; others wait."""


def serve(gguf: str, settings: dict[str, Any], threads: int) -> Any:
    """Start llama.cpp's server, which runs until the returned object is collected."""
    llama: Any = importlib.import_module("xllamacpp")  # it has no types
    params = llama.CommonParams()
    params.model.path = gguf
    params.model_alias = {settings["alias"]}
    params.chat_template = settings["chat_template"]
    params.api_keys = [settings["token"]]
    params.cors_origins = ""  # no web page shall use it
    params.ui = params.endpoint_slots = False
    params.verbosity = 0
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, PARALLEL
    params.kv_unified = True  # or each request gets a quarter of the context
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = threads
        cpu.poll = 0  # do not spin while there is nothing to do
    return llama.Server(params)


def main() -> None:
    """Serve until standard input ends."""
    [gguf] = sys.argv[1:]
    settings = json.loads(sys.stdin.buffer.readline())
    # Whatever native code prints goes to standard error: standard output has one line, the address.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        # Half the cores: threads of llama.cpp wait for each other, so that two on two busy cores
        # generate 4 to 8 tokens a second, and one generates 35 (70 where nothing else runs).
        server = serve(gguf, settings, threads=max(1, (os.cpu_count() or 2) // 2))
        out.write(json.dumps({"url": server.listening_address}) + "\n")
    sys.stdin.buffer.read()
    os._exit(0)  # unlike closing the server, this does not wait for answers under way


if __name__ == "__main__":
    main()
