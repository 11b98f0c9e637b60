"""Replies as X sends them: pages of 100 retweets and their 100 authors, 189 KB each.

Made from a seed, so that every process that asks gets the same bytes. Members are in the order of
the examples on X's own pages. No two pages have a tweet or an author in common: every id has a run
of zeros in one place, which is where the number of the edition goes (:meth:`Canned.edition`).
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

TWEET_FIELDS = (
    "author_id",
    "conversation_id",
    "created_at",
    "edit_controls",
    "entities",
    "lang",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
)
USER_FIELDS = (
    "created_at",
    "description",
    "entities",
    "location",
    "pinned_tweet_id",
    "profile_image_url",
    "protected",
    "public_metrics",
    "url",
    "username",
    "verified",
    "verified_type",
)
PER_PAGE = 100
AFTER = 10**9  # so many pages are the longest walk
_TEXT = (
    "the quick brown fox jumps over a lazy dog and finds überraschend viel Sonne auf dem Weg "
    "nach Osaka 大阪 with coffee news launch today thread 🚀 open source weekend"
)
_WORDS = _TEXT.split()


@dataclass(frozen=True, slots=True)
class Canned:
    """One page, cut where its token goes.

    Attributes:
        head: up to ``"meta":{``, which comes last.
        count: how many tweets it holds.
    """

    head: bytes
    count: int

    def edition(self, number: int) -> Canned:
        """The same page with other ids of the same length; 0 is the page itself."""
        if not number:
            return self
        return Canned(self.head.replace(_EDITION, b"%011d" % number), self.count)

    def body(self, next_token: str | None) -> tuple[bytes, bytes]:
        """The whole page, in two parts, so that none is copied."""
        token = f'"next_token":"{next_token}",' if next_token else ""
        return self.head, f'{token}"result_count":{self.count}}}}}'.encode()


# In the middle of the ids of tweets and of users; after it come at least five digits.
_EDITION = b"00000000000"
_TWEETS = 19 * 10**17 + 99_999  # the id of the first; they go down from there
_USERS = 10**18  # and these up


# OpenAPI 2.167 calls these by other names than 2.159, and X's own client knows no others.
_POST_NAMES = {
    b'"edit_history_tweet_ids":': b'"edit_history_post_ids":',
    b'"pinned_tweet_id":': b'"pinned_post_id":',
    b'"referenced_tweets":': b'"referenced_posts":',
    b'"retweet_count":': b'"repost_count":',
    b'"tweet_count":': b'"post_count":',
}


def pages(number: int, size: int = PER_PAGE, seed: int = 7) -> list[Canned]:
    """Different pages of ``size`` retweets each."""
    return [_page(random.Random(f"{seed}:{index}"), index, size) for index in range(number)]


def tweet(pages: int, *, after: int = 0) -> int:
    """The id of a tweet whose retweets are so many pages: of all, those after ``after``."""
    return after * AFTER + pages


def in_post_vocabulary(page: Canned) -> Canned:
    """The same page in the words of OpenAPI 2.167."""
    head = page.head
    for tweet, post in _POST_NAMES.items():
        head = head.replace(tweet, post)
    return Canned(head, page.count)


def _page(chance: random.Random, index: int, size: int) -> Canned:
    first = index * size
    users = [_user(chance, _USERS + first + each) for each in range(size)]
    tweets = [_tweet(chance, _TWEETS - first - each, users[each]) for each in range(size)]
    # Authors come in another order than their tweets.
    chance.shuffle(users)
    whole = {"data": tweets, "includes": {"users": users}}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Canned(text[:-1].encode() + b',"meta":{', size)


def _moment(chance: random.Random) -> str:
    day, hour, minute, second = (chance.randint(*span) for span in _SPANS)
    return f"2021-03-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"


_SPANS = ((1, 28), (0, 23), (0, 59), (0, 59))


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _tweet(chance: random.Random, number: int, author: dict[str, object]) -> dict[str, object]:
    name = f"somebody{chance.randint(1, 10**6)}"
    link = f"https://t.co/{chance.randint(0, 10**9):09}"
    text = f"RT @{name}: {_sentence(chance, 19)} #launch {link}"
    start = len(text) - len(link)
    return {
        "author_id": author["id"],
        "conversation_id": str(number),
        "created_at": _moment(chance),
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": False,
            "editable_until": _moment(chance),
        },
        "edit_history_tweet_ids": [str(number)],
        "entities": {
            "urls": [
                {
                    "start": start,
                    "end": len(text),
                    "url": link,
                    "expanded_url": f"https://example.com/a-page-of-some-length/{number}",
                    "display_url": "example.com/a-page-of-…",
                }
            ],
            "hashtags": [{"start": start - 8, "end": start - 1, "tag": "launch"}],
            "mentions": [
                {"start": 3, "end": 4 + len(name), "username": name, "id": str(_USERS + 3)}
            ],
        },
        "id": str(number),
        "lang": "en",
        "possibly_sensitive": False,
        "public_metrics": {
            "retweet_count": chance.randint(0, 9999),
            "reply_count": 0,
            "like_count": 0,
            "quote_count": 0,
            "bookmark_count": chance.randint(0, 99),
            "impression_count": chance.randint(0, 99_999),
        },
        "referenced_tweets": [{"type": "retweeted", "id": "1228393702244134912"}],
        "reply_settings": "everyone",
        "text": text,
    }


def _user(chance: random.Random, number: int) -> dict[str, object]:
    link = f"https://t.co/{chance.randint(0, 10**9):09}"
    picture = f"{chance.randint(0, 10**8):08}"
    return {
        "created_at": _moment(chance),
        "description": _sentence(chance, 20),
        "entities": {
            "url": {
                "urls": [
                    {
                        "start": 0,
                        "end": 22,
                        "url": link,
                        "expanded_url": f"https://example.com/{number}",
                        "display_url": "example.com",
                    }
                ]
            }
        },
        "id": str(number),
        "location": _sentence(chance, 3),
        "name": _sentence(chance, 2),
        "pinned_tweet_id": str(18 * 10**17 + chance.randint(0, 10**12)),
        "profile_image_url": f"https://pbs.twimg.com/profile_images/{number}/{picture}_normal.jpg",
        "protected": False,
        "public_metrics": {
            "followers_count": chance.randint(0, 99_999),
            "following_count": chance.randint(0, 9999),
            "tweet_count": chance.randint(0, 99_999),
            "listed_count": chance.randint(0, 99),
            "like_count": chance.randint(0, 99_999),
            "media_count": chance.randint(0, 999),
        },
        "url": link,
        "username": f"user_{number}",
        "verified": chance.random() < 0.2,
        "verified_type": "blue",
    }
