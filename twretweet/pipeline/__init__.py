"""From an endpoint's row and its arguments to a value: every request takes this way."""

from twretweet.pipeline.caller import Caller
from twretweet.pipeline.listen import guarded
from twretweet.pipeline.pages import PageFetcher
from twretweet.pipeline.send import Pipeline
from twretweet.pipeline.wire import Wire

__all__ = ["Caller", "PageFetcher", "Pipeline", "Wire", "guarded"]
