"""Events in the log: what needs attention as a warning, the rest for who debugs."""

import logging

from twretweet import events

LOG = logging.getLogger("bot.x")
ATTENTION = (
    events.LimiterOutage,
    events.PageTokenExpired,
    events.ProblemReported,
    events.Refused,
    events.RequestFailed,
    events.Retrying,
)


def log(event: events.Event) -> None:
    LOG.log(logging.WARNING if isinstance(event, ATTENTION) else logging.DEBUG, "%s", event)
