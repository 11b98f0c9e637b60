"""What a sandbox holds before anyone has done anything in it.

Between them the four tweets have something for every expansion and every field: media, a place, a
poll, a reply, a long text, an article.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from twretweet.sandbox.people import User
from twretweet.sandbox.retweets import Retweets
from twretweet.sandbox.snowflake import STEP
from twretweet.sandbox.tweets import Article, Entity, Note, Tweet

AUTHOR_ID: Final = 2_244_994_945
TWEET_ID: Final = 1_228_393_702_244_134_912
"""The tweet of X's own example (Manage Retweets quick start)."""

POLL_TWEET_ID: Final = 1_228_400_000_000_004_096
LONG_TWEET_ID: Final = 1_228_300_000_000_008_192
APART: Final = 97_000 * STEP
"""How far apart the ids of two following retweets by the crowd are, if there is time enough."""

QUOTES: Final = 12
"""How many tweets quote the first one; no more than the poll has retweeters, so all exist."""

_PHOTO: Final = "3_1228393700000000001"
_VIDEO: Final = "7_1228300000000000002"
_PLACE: Final = "01a9a39529b27f36"
_POLL: Final = "1228399999999999999"


@dataclass(frozen=True, slots=True)
class Attachments:
    """The objects that tweets refer to, by their ids, with all their fields."""

    media: dict[str, dict[str, object]]
    places: dict[str, dict[str, object]]
    polls: dict[str, dict[str, object]]


def author() -> User:
    """Return the user who wrote all that is there from the start."""
    return User(
        id=AUTHOR_ID,
        username="TwitterDev",
        name="Twitter Dev",
        bits=0x5DEECE66D5DEECE6,
        created_ms=1_386_995_755_000,
        followers=513_209,
        description="The voice of the #TwitterDev team and your official source for updates.",
        pinned=LONG_TWEET_ID,
        recent=POLL_TWEET_ID,
        affiliated=AUTHOR_ID,
    )


def crowd_retweets(tweet_id: int, count: int, now: int, seed: int) -> Retweets:
    """Return ``count`` retweets by the crowd, made after the tweet and before the id ``now``.

    They are a minute and a half apart, or closer where the time does not suffice.
    """
    room = now - tweet_id
    gap = min(APART, room // (count + 1)) if room > count else 1 << 12
    return Retweets(crowd=count, first=tweet_id, gap=gap, seed=seed ^ tweet_id)


def tweets(retweets: int, now: int, seed: int) -> list[Tweet]:
    """Return the tweets, the one with ``retweets`` retweets first."""
    return [_main(retweets, now, seed), _poll(now, seed), _long(now, seed)]


def attachments() -> Attachments:
    """Return what the tweets refer to."""
    clip = "https://video.twimg.com/ext_tw_video/1228300000000000002/pu/vid"
    playback: dict[str, object] = {f"playback_{share}_count": 1000 - 9 * share for share in _PARTS}
    photo: dict[str, object] = {
        "media_key": _PHOTO,
        "type": "photo",
        "url": "https://pbs.twimg.com/media/EQwkGGGUcAAbcde.jpg",
        "width": 1200,
        "height": 675,
        "alt_text": "A flock of birds above a city in the morning",
        "public_metrics": {"view_count": 0},
    }
    video: dict[str, object] = {
        "media_key": _VIDEO,
        "type": "video",
        "preview_image_url": "https://pbs.twimg.com/ext_tw_video_thumb/1228300000000000002.jpg",
        "duration_ms": 46_947,
        "width": 1280,
        "height": 720,
        "alt_text": "A talk about building with the API",
        "public_metrics": {"view_count": 6_865_141},
        "non_public_metrics": playback,
        "organic_metrics": {**playback, "view_count": 6_000_000},
        "promoted_metrics": {**playback, "view_count": 865_141},
        "variants": [
            {
                "bit_rate": 2_176_000,
                "content_type": "video/mp4",
                "url": f"{clip}/1280x720/a.mp4",
            },
            {"content_type": "application/x-mpegURL", "url": f"{clip}/pl.m3u8"},
        ],
    }
    place: dict[str, object] = {
        "id": _PLACE,
        "full_name": "Manhattan, NY",
        "name": "Manhattan",
        "country": "United States",
        "country_code": "US",
        "place_type": "city",
        "contained_within": ["94965b2c45386f87"],
        "geo": {
            "type": "Feature",
            "bbox": [-74.026675, 40.683935, -73.910408, 40.877483],
            "properties": {},
        },
    }
    poll: dict[str, object] = {
        "id": _POLL,
        "options": [
            {"position": 1, "label": "Tabs", "votes": 795},
            {"position": 2, "label": "Spaces", "votes": 156},
        ],
        "duration_minutes": 1440,
        "end_datetime": "2020-02-15T19:26:04.000Z",
        "voting_status": "closed",
    }
    return Attachments({_PHOTO: photo, _VIDEO: video}, {_PLACE: place}, {_POLL: poll})


_PARTS: Final = (0, 25, 50, 75, 100)
_CONTEXT: Final[tuple[object, ...]] = (
    {
        "domain": {
            "id": "46",
            "name": "Business Taxonomy",
            "description": "Categories within Brand Verticals",
        },
        "entity": {"id": "1557697333571112960", "name": "Technology Business"},
    },
)


def _main(retweets: int, now: int, seed: int) -> Tweet:
    text = "What did the developer write in their Valentine's card? while(true) { I = Love(You) }"
    return Tweet(
        id=TWEET_ID,
        author_id=AUTHOR_ID,
        text=text + " https://t.co/4wSdWFyQ2Q #TwitterDev",
        entities={
            "urls": [
                {
                    "start": 86,
                    "end": 109,
                    "url": "https://t.co/4wSdWFyQ2Q",
                    "expanded_url": "https://x.com/TwitterDev/status/1228393702244134912/photo/1",
                    "display_url": "pic.x.com/4wSdWFyQ2Q",
                    "media_key": _PHOTO,
                }
            ],
            "hashtags": [{"start": 110, "end": 121, "tag": "TwitterDev"}],
            # Unlike all the others, the range of an annotation includes its end (reference).
            "annotations": [
                {
                    "start": 38,
                    "end": 46,
                    "probability": 0.42,
                    "type": "Other",
                    "normalized_text": "Valentine",
                }
            ],
        },
        retweets=crowd_retweets(TWEET_ID, retweets, now, seed),
        media_keys=(_PHOTO,),
        media_source=LONG_TWEET_ID,
        place_id=_PLACE,
        context=list(_CONTEXT),
    )


def _poll(now: int, seed: int) -> Tweet:
    return Tweet(
        id=POLL_TWEET_ID,
        author_id=AUTHOR_ID,
        text="@TwitterDev And while we are at it: tabs or spaces?",
        entities={
            "mentions": [
                {"start": 0, "end": 11, "username": "TwitterDev", "id": str(AUTHOR_ID)},
            ]
        },
        retweets=crowd_retweets(POLL_TWEET_ID, QUOTES, now, seed),
        replied_to=(TWEET_ID, AUTHOR_ID),
        poll_id=_POLL,
    )


def _long(now: int, seed: int) -> Tweet:
    text = "A long look at how the #API pages through lists, with @TwitterDev and $X. "
    mention: Entity = {"start": 54, "end": 65, "username": "TwitterDev", "id": str(AUTHOR_ID)}
    return Tweet(
        id=LONG_TWEET_ID,
        author_id=AUTHOR_ID,
        text=(text * 4)[:275] + "…",
        entities={
            "hashtags": [{"start": 23, "end": 27, "tag": "API"}],
            "mentions": [mention],
            "cashtags": [{"start": 70, "end": 72, "tag": "X"}],
        },
        retweets=crowd_retweets(LONG_TWEET_ID, 7, now, seed),
        media_keys=(_VIDEO,),
        note=Note((text * 6).rstrip(), {"mentions": [mention]}),
        article=Article("How lists are paged", _PHOTO, (_VIDEO,)),
    )


def quotes(member: Callable[[int], int]) -> list[Tweet]:
    """Return the tweets that quote the first one, by the crowd; every third is a reply as well.

    Args:
        member: tells the id of the user of the crowd with an index.
    """
    lead = "Worth a look: "
    url = "https://t.co/9qUoTeTw1t"
    made: list[Tweet] = []
    for number in range(QUOTES):
        entity: Entity = {
            "start": len(lead),
            "end": len(lead) + len(url),
            "url": url,
            "expanded_url": f"https://x.com/TwitterDev/status/{TWEET_ID}",
            "display_url": f"x.com/TwitterDev/status/{TWEET_ID}",
        }
        made.append(
            Tweet(
                id=TWEET_ID + (number + 1) * 7_200_000 * STEP + 1,
                author_id=member(number),
                text=lead + url,
                entities={"urls": [entity]},
                replied_to=(POLL_TWEET_ID, AUTHOR_ID) if number % 3 == 0 else None,
                quoted=(TWEET_ID, AUTHOR_ID),
            )
        )
    return made


def own_tweets(author_id: int, first: int, now: int, seed: int) -> list[Tweet]:
    """Return a few tweets of a user, from the id ``first`` on, retweeted by the crowd."""
    made: list[Tweet] = []
    for number, retweets in enumerate((3, 0, 25)):
        tweet_id = first + number * 86_400_000 * STEP
        made.append(
            Tweet(
                id=tweet_id,
                author_id=author_id,
                text=f"Note {number + 1} to myself.",
                retweets=crowd_retweets(tweet_id, retweets, now, seed),
            )
        )
    return made
