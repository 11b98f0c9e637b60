"""An X API on localhost, to try a client against without keys, cost or consequences.

It shares no code with the client: it has its own tables of fields, its own windows, and checks
signatures with oauthlib's server side, so that the two can't make the same mistake.
"""

from twretweet.sandbox.accounts import Account
from twretweet.sandbox.clocks import MovableClock, VirtualClock
from twretweet.sandbox.endpoints import Limit
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.faults import Faults
from twretweet.sandbox.faults.kinds import FaultKind
from twretweet.sandbox.hooks import Outage
from twretweet.sandbox.mapping import mapped_hosts
from twretweet.sandbox.oauth.oauth2 import RecordedRefresh
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.records import RecordedRequest
from twretweet.sandbox.sandbox import Sandbox
from twretweet.sandbox.threaded import ThreadedSandbox

__all__ = [
    "Account",
    "Fault",
    "FaultKind",
    "Faults",
    "Limit",
    "MovableClock",
    "Outage",
    "Quirks",
    "RecordedRefresh",
    "RecordedRequest",
    "Sandbox",
    "ThreadedSandbox",
    "VirtualClock",
    "mapped_hosts",
]
