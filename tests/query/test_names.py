"""The tables of names hold what X's own pages list, no more and no less."""

import re
from typing import get_args

import pytest

from tests.models.openapi import POST_FILE, TWEET_FILE, spec
from tests.support.described import reference_page
from twretweet.query import names
from twretweet.query.translate import spoken

TABLES = {
    "tweet.fields": names.TweetField,
    "user.fields": names.UserField,
    "media.fields": names.MediaField,
    "place.fields": names.PlaceField,
    "poll.fields": names.PollField,
}


def listed(*parameters: str) -> set[str]:
    """What the parameters of these names list, in both files."""
    found: set[str] = set()
    for file in (TWEET_FILE, POST_FILE):
        components = spec(file).at("#/components/parameters")
        for parameter in parameters:
            if parameter in components:
                found |= spec(file).names(parameter)
    return found


@pytest.mark.parametrize(
    ("table", "parameters"),
    [
        (names.TweetField, ("TweetFieldsParameter", "PostFieldsParameter")),
        (names.UserField, ("UserFieldsParameter",)),
        (names.MediaField, ("MediaFieldsParameter",)),
        (names.PlaceField, ("PlaceFieldsParameter",)),
        (names.PollField, ("PollFieldsParameter",)),
        (names.TweetExpansion, ("TweetExpansionsParameter", "PostExpansionsParameter")),
        (names.UserExpansion, ("UserExpansionsParameter",)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_each_table_holds_what_both_openapi_files_list(table: object, parameters: tuple[str, ...]):
    assert set(get_args(table)) == listed(*parameters)


@pytest.mark.parametrize(
    ("parameter", "table"), [*TABLES.items(), ("expansions", names.TweetExpansion)]
)
def test_each_table_holds_what_the_reference_page_lists(parameter: str, table: object):
    page = reference_page()
    row = re.search(
        rf"^{re.escape(parameter)} Optional \| enum \(([^)]+)\)",
        page.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert row is not None
    assert {name.strip() for name in row[1].split(",")} <= set(get_args(table))


@pytest.mark.parametrize("table", [*TABLES.values(), names.TweetExpansion, names.UserExpansion])
def test_the_names_of_a_table_are_sorted_and_each_is_there_once(table: object):
    listing = get_args(table)
    assert list(listing) == sorted(set(listing))


def test_an_alias_and_its_tweet_name_are_both_in_the_tables():
    everywhere = {
        "tweet.fields": names.TWEET_FIELDS,
        "expansions": names.TWEET_EXPANSIONS | names.USER_EXPANSIONS,
    }
    for (parameter, alias), name in names.ALIASES.items():
        assert {alias, name} <= everywhere[parameter]


def test_an_alias_is_spoken_as_itself_in_the_post_vocabulary():
    for (parameter, alias), name in names.ALIASES.items():
        resource: names.Resource = (
            "user" if parameter == "expansions" and name in names.USER_EXPANSIONS else "tweet"
        )
        said = spoken([(parameter, name)], "post", resource)
        assert {word for _, word in said} == {alias}
