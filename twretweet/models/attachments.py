"""What hangs on a tweet: media, a place, polls.

Source: https://docs.x.com/x-api/fundamentals/data-dictionary
"""

from __future__ import annotations

from twretweet.models.base import Model, Timestamp
from twretweet.models.metrics import MediaPrivateMetrics, MediaPublicMetrics


class MediaVariant(Model, frozen=True, kw_only=True):
    """One rendition of a video."""

    url: str | None = None
    content_type: str | None = None
    bit_rate: int | None = None


class Media(Model, frozen=True, kw_only=True):
    """A photo, a video or an animated GIF.

    ``type`` is ``photo``, ``video`` or ``animated_gif`` so far. The fields that a type does not
    have are ``None``.
    """

    media_key: str = ""
    type: str = ""
    url: str | None = None
    preview_image_url: str | None = None
    alt_text: str | None = None
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    variants: tuple[MediaVariant, ...] = ()
    public_metrics: MediaPublicMetrics | None = None
    non_public_metrics: MediaPrivateMetrics | None = None
    organic_metrics: MediaPrivateMetrics | None = None
    promoted_metrics: MediaPrivateMetrics | None = None


class Point(Model, frozen=True, kw_only=True):
    """A point on the map. ``type`` is ``Point``; a position is as X sends it."""

    type: str = ""
    coordinates: tuple[float, ...] = ()


class PlaceGeo(Model, frozen=True, kw_only=True):
    """The outline of a place, after GeoJSON: ``bbox`` is west, south, east, north."""

    type: str = ""
    bbox: tuple[float, ...] = ()
    geometry: Point | None = None
    properties: dict[str, object] | None = None


class Place(Model, frozen=True, kw_only=True):
    """A place that a tweet was tagged with.

    ``place_type`` is ``poi``, ``neighborhood``, ``city``, ``admin``, ``country`` or ``unknown``
    so far.
    """

    id: str = ""
    full_name: str = ""
    name: str | None = None
    country: str | None = None
    country_code: str | None = None
    place_type: str | None = None
    contained_within: tuple[str, ...] = ()
    geo: PlaceGeo | None = None


class PollOption(Model, frozen=True, kw_only=True, omit_defaults=False):
    """One choice of a poll, counted from 1."""

    position: int = 0
    label: str = ""
    votes: int = 0


class Poll(Model, frozen=True, kw_only=True):
    """A poll; ``voting_status`` is ``open`` or ``closed`` so far."""

    id: str = ""
    options: tuple[PollOption, ...] = ()
    duration_minutes: int | None = None
    end_datetime: Timestamp | None = None
    voting_status: str | None = None
