"""What the headers of a reply tell, and what counts as not sent."""

import calendar
from datetime import datetime
from email.utils import formatdate, mktime_tz, parsedate_tz

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.protocol.headers import HeaderReader, RateHeaders, WindowReport, read_rate_headers

PREFIXES = {
    "window": "x-rate-limit-",
    "user_day": "x-user-limit-24hour-",
    "app_day": "x-app-limit-24hour-",
}


def headers(prefix: str = "x-rate-limit-", **values: str) -> dict[str, str]:
    full = {"limit": "75", "remaining": "70", "reset": "1632178000"} | values
    return {prefix + name: value for name, value in full.items()}


@pytest.mark.parametrize("field", list(PREFIXES))
def test_each_set_of_headers_is_read_by_itself(field):
    read = read_rate_headers(headers(PREFIXES[field]))
    assert read == RateHeaders(**{field: WindowReport(75, 70, 1_632_178_000)})


def test_a_reply_without_headers_tells_nothing():
    assert read_rate_headers({}) == RateHeaders()


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
@pytest.mark.parametrize(
    "value", ["", "-1", "+5", "1.5", "ten", " ", "1e3", "0x10", "9" * 11, "9" * 5000, "NaN", "²"]
)
def test_a_set_with_a_number_that_is_none_counts_as_not_sent(name, value):
    assert read_rate_headers(headers(**{name: value})).window is None


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
def test_a_set_that_is_incomplete_counts_as_not_sent(name):
    sent = headers()
    del sent["x-rate-limit-" + name]
    assert read_rate_headers(sent).window is None


def test_more_remaining_than_the_limit_counts_as_the_limit():
    assert read_rate_headers(headers(remaining="39999")).window == WindowReport(
        75, 75, 1_632_178_000
    )


@pytest.mark.parametrize(
    "date",
    [
        "Mon, 20 Sep 2021 22:41:52 UTC",
        "Mon, 20 Sep 2021 22:41:52 GMT",
        "Mon, 20 Sep 2021 22:41:52 +0000",
        "Tue, 21 Sep 2021 00:41:52 +0200",
        "20 Sep 2021 22:41:52 UTC",
    ],
)
def test_x_s_clock_is_read_from_utc_and_gmt_alike(date):
    assert read_rate_headers({"date": date}).date == 1_632_177_712


@pytest.mark.parametrize(
    "date", ["", "yesterday", "1632177712", "Mon, 20 Foo 2021 22:41:52 GMT", "\x00", "-", "UTC"]
)
def test_a_date_that_is_none_counts_as_not_sent(date):
    assert read_rate_headers({"date": date}).date is None


MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31))


@given(MOMENTS, st.sampled_from(["GMT", "UTC"]))
def test_every_moment_is_read_from_the_date_that_servers_write_of_it(moment, zone):
    written = formatdate(calendar.timegm(moment.timetuple()), usegmt=True).replace("GMT", zone)
    assert read_rate_headers({"date": written}).date == calendar.timegm(moment.timetuple())


@given(st.text("0123456789", min_size=2, max_size=2), st.integers(0, 27), st.characters())
def test_a_date_of_the_usual_length_is_read_as_any_other(number, at, sign):
    usual = "Mon, 20 Sep 2021 22:41:52 GMT"
    date = usual[:at] + number + usual[at + 2 :]
    for one in (date, date[:at] + sign + date[at + 1 :]):
        parsed = parsedate_tz(one)
        try:
            expected = None if parsed is None else int(mktime_tz(parsed))
        except (OverflowError, ValueError):
            expected = None
        assert read_rate_headers({"date": one}).date == expected


DATES = [None, "", "Mon, 20 Sep 2021 22:41:52 GMT", "Mon, 20 Sep 2021 22:41:53 GMT", "soon"]


@given(st.lists(st.sampled_from(DATES)))
def test_one_reply_after_the_other_is_read_as_each_alone(dates):
    reader = HeaderReader()
    for date in dates:
        sent = headers() if date is None else headers() | {"date": date}
        assert reader.read(sent) == read_rate_headers(sent)


NAMES = [prefix + part for prefix in PREFIXES.values() for part in ("limit", "remaining", "reset")]
DATE_PARTS = ["Mon,", "20", "Sep", "2021", "22:41:52", "GMT", "-9999", ":", "(", '"', "é", "99999"]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.one_of(st.text(), st.integers().map(str))),
    st.one_of(st.text(), st.lists(st.sampled_from(DATE_PARTS)).map(" ".join)),
)
def test_whatever_the_headers_say_they_are_read_or_passed_over(sent, date):
    read = read_rate_headers(sent | {"date": date})
    for report in (read.window, read.user_day, read.app_day):
        if report is not None:
            assert 0 <= report.remaining <= report.limit
            assert report.reset >= 0
    assert read.date is None or isinstance(read.date, int)
