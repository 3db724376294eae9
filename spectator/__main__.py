"""``python -m spectator`` does what the command ``spectator`` does."""

import sys

from spectator.cli import main

if __name__ == "__main__":
    sys.exit(main())
