import pytest

from tests.cli.conftest import KEYS, PREFIX, one_line


def test_retweeting_undoing_and_repeating_each_say_what_became(run, tweet):
    said = [
        (done.returncode, done.stdout, done.stderr)
        for done in (
            run("retweet", tweet),
            run("retweet", f"https://twitter.com/TwitterDev/status/{tweet}"),
            run("undo", tweet),
            run("undo", f"x.com/i/status/{tweet}"),
        )
    ]
    undone = f"undone: {tweet} is no longer retweeted\n"
    assert said == [
        (0, f"retweeted {tweet}\n", ""),
        (0, f"{tweet} was retweeted already\n", ""),
        (0, undone, ""),
        (0, undone, ""),
    ]


def test_a_tweet_that_is_not_there_is_one_line(run):
    done = run("retweet", "99")
    assert done.returncode == 1
    assert "99" in one_line(done.stderr)


@pytest.mark.parametrize("words", [("retweet",), ("undo",), ("retweets",), ("retweeters",)])
def test_what_is_no_tweet_id_is_refused(run, words):
    done = run(*words, "tomato")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'tomato' is not a tweet id" in one_line(done.stderr)


def test_the_app_itself_may_not_write(run, bare, facts, tweet):
    env = {
        **bare,
        PREFIX + "BASE_URL": facts["url"],
        PREFIX + "BEARER_TOKEN": facts["bearer_token"],
    }
    done = run("retweet", tweet, env=env)
    assert done.returncode == 2
    assert "AppOnly" in one_line(done.stderr)


def test_keys_that_are_wrong_are_never_shown(run, env, tweet):
    planted = {PREFIX + name.upper(): f"planted-{name}" for name in KEYS}
    planted[PREFIX + "ACCESS_TOKEN"] = "77-planted-access"
    done = run("retweet", tweet, env={**env, **planted})
    assert done.returncode == 1
    assert "401" in one_line(done.stderr) or "nauthorized" in done.stderr
    assert "planted" not in done.stdout + done.stderr
