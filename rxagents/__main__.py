"""`python -m rxagents` is the command `rxagents`."""

import sys

from rxagents.cli import main

if __name__ == "__main__":
    sys.exit(main())
