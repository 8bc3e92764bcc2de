"""``python -m svcmetrics``: the command line."""

import sys

from svcmetrics.cli import main

if __name__ == "__main__":
    sys.exit(main())
