"""GET /2/usage/tweets: how many posts the app has read.

Source: https://docs.x.com/x-api/usage/get-usage
"""

from datetime import UTC, datetime
from typing import Final

from twretweet.sandbox.call import Call, State
from twretweet.sandbox.ledger import KEPT_DAYS
from twretweet.sandbox.reply import Reply
from twretweet.sandbox.snowflake import iso
from twretweet.sandbox.windows import DAY

FIELDS: Final = (
    "cap_reset_day",
    "daily_client_app_usage",
    "daily_project_usage",
    "project_cap",
    "project_id",
    "project_usage",
)
_DEFAULT: Final = ("cap_reset_day", "project_cap", "project_id", "project_usage")
_DEFAULT_DAYS: Final = 7
_CAP: Final = 3_000_000
"""Posts a month (pay per use)."""
_DECEMBER: Final = 12


def tweets(state: State, call: Call) -> Reply:
    """GET /2/usage/tweets."""
    parameters = call.parameters()
    parameters.expect(("days", "usage.fields"))
    days = parameters.number("days", 1, KEPT_DAYS, default=_DEFAULT_DAYS)
    asked = parameters.words("usage.fields", FIELDS)
    parameters.settle()
    today = int(call.incoming.now // DAY)
    moment = datetime.fromtimestamp(call.incoming.now, UTC)
    numbers = call.vocabulary == "tweet"  # 2.167 has text

    def written(count: int) -> int | str:
        return count if numbers else str(count)

    by_day = [
        {"date": iso(day * DAY * 1000), "usage": written(state.ledger.posts_on(day))}
        for day in range(today - days + 1, today + 1)
    ]
    project = 1_600_000_000 + state.seed % 100_000_000
    app = str(16_000_000 + state.seed % 1_000_000)
    shown: dict[str, object] = {
        "cap_reset_day": _next_month(moment) - moment.toordinal(),
        "daily_client_app_usage": [
            {"client_app_id": app, "usage": by_day, "usage_result_count": len(by_day)}
        ],
        "daily_project_usage": {"project_id": written(project), "usage": by_day},
        "project_cap": written(_CAP),
        "project_id": str(project),
        "project_usage": written(state.ledger.posts_since(today - moment.day + 1)),
    }
    return Reply(200, {"data": {name: shown[name] for name in dict.fromkeys(_DEFAULT + asked)}})


def _next_month(moment: datetime) -> int:
    """Return the first day of the month after ``moment``, as an ordinal."""
    year, month = divmod(moment.year * _DECEMBER + moment.month, _DECEMBER)
    return datetime(year, month + 1, 1, tzinfo=UTC).toordinal()
