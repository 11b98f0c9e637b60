"""Variants that do what a peer may do: read something else, break, or take the process along."""

import os
import sys

from benchmarks.speed.variants.aiohttp_loop import Bearer


class Inattentive(Bearer):
    """It reads every other retweet only."""

    async def walk(self, number, take):
        tweets = []
        await super().walk(number, lambda *tweet: tweets.append(tweet))
        for tweet in tweets[::2]:
            take(*tweet)


class Failing(Bearer):
    async def walk(self, number, take):
        raise RuntimeError("it does not work\nfor a long reason")


class Fatal(Bearer):
    async def walk(self, number, take):
        os._exit(3)


class Talkative(Bearer):
    async def walk(self, number, take):
        sys.stdout.write("what nobody asked for\n")
        await super().walk(number, take)


class Unsigned(Bearer):
    """It sends no credentials."""

    async def __aenter__(self):
        await super().__aenter__()
        self.headers = {}
        return self


class Forgetful(Bearer):
    """It does not retweet, and says so."""

    async def write(self, tweet):
        return False


class Forger(Bearer):
    def signer(self, method, path, params):
        return lambda: (
            'OAuth oauth_consumer_key="x", oauth_nonce="n", oauth_signature="AAAA", '
            'oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", oauth_token="t", '
            'oauth_version="1.0"'
        )
