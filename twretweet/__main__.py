"""``python -m twretweet`` does what ``twretweet`` does."""

import sys

from twretweet.cli import main

if __name__ == "__main__":
    sys.exit(main())
