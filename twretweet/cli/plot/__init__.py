"""``twretweet plot``: an exported file as a picture, or as a sketch in the terminal.

``reading`` reads any format into two columns of numbers, ``sums`` is the arithmetic of bins,
``sketch`` and ``picture`` draw.
"""

from twretweet.cli.plot.command import plot

__all__ = ["plot"]
