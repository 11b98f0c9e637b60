"""``twretweet retweets`` and ``twretweet retweeters``: a walk becomes a file, or a stream.

From the outside in: ``command`` and ``options`` are the words, ``job`` is one command from start
to end, ``run`` one walk from page to page; ``joins``, ``columns`` and ``rows`` say what a row is,
``formats`` and ``parquet`` what it looks like, ``output``, ``file`` and ``place`` keep it.
"""

from twretweet.cli.export.command import retweeters, retweets

__all__ = ["retweeters", "retweets"]
