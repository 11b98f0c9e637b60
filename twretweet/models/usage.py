"""How much of the plan's cap is used (GET /2/usage/tweets).

OpenAPI 2.167 sends the counts as strings, 2.159 as numbers; they are numbers here.
"""

from __future__ import annotations

from twretweet.models.base import Model, Timestamp


class UsageDay(Model, frozen=True, kw_only=True):
    """The tweets read on one day."""

    date: Timestamp | None = None
    usage: int | None = None


class ClientAppUsage(Model, frozen=True, kw_only=True):
    """The tweets read by one app, day by day."""

    client_app_id: str | None = None
    usage: tuple[UsageDay, ...] = ()
    usage_result_count: int | None = None


class ProjectUsage(Model, frozen=True, kw_only=True):
    """The tweets read by the whole project, day by day."""

    project_id: str | None = None
    usage: tuple[UsageDay, ...] = ()


class Usage(Model, frozen=True, kw_only=True):
    """What is used of the project's cap, and the day of the month on which it starts again."""

    project_id: str | None = None
    project_usage: int | None = None
    project_cap: int | None = None
    cap_reset_day: int | None = None
    daily_project_usage: ProjectUsage | None = None
    daily_client_app_usage: tuple[ClientAppUsage, ...] = ()
