"""The admin endpoint: how a program in any language, and the page at ``/``, drive a sandbox.

All of it is below ``/__sandbox__/`` on the sandbox's own port, speaks JSON in the shapes of
:mod:`twretweet.sandbox.admin.shapes`, and needs no credentials.

======  ======================  ==========================================================
method  path                    does
======  ======================  ==========================================================
GET     ``state``               everything that a person wants to see: :class:`StateView`
GET     ``events``              the same as it happens, as Server-Sent Events (see below)
GET     ``requests``            the latest requests; ``?after=NUMBER`` only later ones
DELETE  ``requests``            forget them
GET     ``faults``              those in force, and the kinds there are: :class:`FaultsView`
POST    ``faults``              add one: a fault as ``--fault`` has it, as an object, such as
                                ``{"kind": "latency", "seconds": 2, "count": 3}``;
                                answers 201 and :class:`FaultView`
PATCH   ``faults/ID``           switch one: ``{"enabled": false}``; answers :class:`FaultView`
DELETE  ``faults/ID``           clear one; 204
DELETE  ``faults``              clear all; 204
POST    ``tweets``              put up a tweet: :class:`NewTweet`; answers 201 and
                                :class:`TweetView`
POST    ``accounts``            make an account: :class:`NewAccount`; answers 201 and
                                :class:`NewKeys`, the only reply with secrets in it
GET     ``retweets``            the latest of a tweet, ``?tweet_id=ID``: :class:`Retweets`
GET     ``retweeted_by``        who has retweeted a tweet, ``?tweet_id=ID``, all of them:
                                :class:`RetweetedBy`
POST    ``retweets``            let a user retweet or undo: :class:`Act`; answers
                                :class:`ActDone`
POST    ``clock``               move the sandbox's clock on: ``{"advance": 900}``; answers
                                :class:`ClockView`; 409 if its clock is not movable
POST    ``growth``              let retweets come in: ``{"retweets_per_second": 5}``
POST    ``reset``               be as at the start, ``{}``; answers 204
GET     ``snapshot``            the state as JSON Lines
POST    ``snapshot``            replace the state by such lines
                                (``content-type: application/jsonl``); answers 204
======  ======================  ==========================================================

An error is ``{"error": "what was wrong, and what to do"}`` with status 400, 403, 404, 405, 409,
413 or 415.

**Events.** ``event: state`` comes first, with a :class:`StateView`. From then on there is an
``event: request`` with a :class:`RequestView` for each request that was answered, and an
``event: changed`` with ``{"parts": ["tweets", "faults"]}`` when something else changed; parts are
``tweets``, ``accounts``, ``buckets``, ``faults``, ``clock`` and ``requests``. They are gathered
for a moment, so a thousand retweets make a few events. Who reads too slowly misses requests, and
is told so by another ``event: state``. A stream that ends may be opened again at any time.

**Who may.** Only this machine, even if the sandbox listens beyond it. A page in the browser of the
person at this machine must not drive it: a request is refused with 403 if its ``Host`` is no name
of loopback (DNS rebinding), or its ``Origin`` or ``Sec-Fetch-Site`` is another site's; and a POST
or PATCH is refused with 415 unless its content type is JSON, which a foreign page can't send
unasked.
"""

from typing import Final

PREFIX: Final = "/__sandbox__/"
"""What all its paths begin with."""
