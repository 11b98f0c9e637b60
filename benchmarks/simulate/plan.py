"""1,000 machines that act for 1,000,000 accounts over one Redis Cluster: where it would break.

Computed, not run, from what this machine measured of one Redis: its own time for a request, and
bytes for a window. The load is the most there can be: every account uses up its reads (75 per 15
minutes) and writes (50), all the time. With the figures of one run (14 µs and 180 bytes, which
`python -m benchmarks limits` measures anew) that is:

- 139,000 requests a second, one script call each; a node that is kept at 60 % of one core serves
  43,000 of them, so 4 masters do. Accounts spread over the slots of the cluster evenly, since
  the hash is of the account; no request touches two nodes.
- 2,000,000 open windows of 180 bytes: 0.4 GB in all, 90 MB a node. Memory is no limit.
- Resets do not come together: each account's window opens with its own first request. If all
  were to open in one second (a service that starts up), the first requests alone are 2,000,000
  calls, 7 seconds of all masters: the start is spread by the masters' own speed.

It breaks, in this order:

1. Connections, when a node fails over. Each of the 1,000 processes has one to each node, but while
   something is wrong there it may ask over 32 more: 33,000 to the node that takes over, where
   Redis takes 10,000 unless `maxclients` is raised.
2. A window that the whole app shares (v1.1's, or app-only reads) lies in one slot, so on one node.
   It grants next to nothing (300 per 3 hours), but every process keeps one caller asking. When it
   is full they sleep until its end, and 1,000 calls at the reset are a moment's work. While it is
   full of requests in flight each looks once a second, at the most: 1,000 calls a second are a
   43rd of a node, and with 43 times as many processes that node would do nothing else.
3. One account that many machines act for at once is one slot as well; but who finds its window
   full sleeps, so it is asked for little more often than it grants.
4. Beyond that the cluster grows with the number of accounts: nothing is shared between them, so
   nothing bends before the cluster's own limit of about 1,000 nodes.
"""

from __future__ import annotations

import math

from benchmarks.report import Row, Section

MACHINES = 1_000
ACCOUNTS = 1_000_000
_SLOTS = (75, 50)  # per quarter of an hour and account
_QUARTER = 900.0
_BUSY = 0.6  # of a node's one core
_CONNECTIONS = 33  # of one process to a node, while something is wrong there; else 1
_MAXCLIENTS = 10_000  # as Redis comes
_MEASURED = "as measured here"
_ASSUMED = "no Redis to measure: assumed"


def run(seconds: float | None, size: float | None) -> Section:
    """The plan.

    Args:
        seconds: Redis's own time for a request; ``None`` where it was not measured.
        size: bytes for a window.
    """
    source = _ASSUMED if seconds is None or size is None else _MEASURED
    seconds = 14e-6 if seconds is None else seconds
    size = 180.0 if size is None else size
    requests = ACCOUNTS * sum(_SLOTS) / _QUARTER
    of_a_node = _BUSY / seconds
    masters = math.ceil(requests / of_a_node)
    windows = ACCOUNTS * len(_SLOTS)
    start = windows * seconds / masters
    numbers = {
        "requests a second, every account saturated": (f"{requests:,.0f}", requests),
        "calls a second that one master serves at 60 %": (f"{of_a_node:,.0f}", of_a_node),
        "masters": (str(masters), float(masters)),
        "open windows": (f"{windows:,}", float(windows)),
        "memory, all masters, GB": (f"{windows * size / 1e9:.2f}", windows * size),
        "all accounts start in one second: seconds until served": (f"{start:.1f}", start),
        "breaks first: connections to a master that takes over": (
            f"{MACHINES * _CONNECTIONS:,} at most; maxclients is {_MAXCLIENTS:,}",
            float(MACHINES * _CONNECTIONS),
        ),
        "breaks next: processes that look once a second at one app window": (
            f"{of_a_node:,.0f}",
            of_a_node,
        ),
    }
    rows = [Row(name, (text,), {"value": value}) for name, (text, value) in numbers.items()]
    return Section(
        "Planned: 1,000 machines, 1,000,000 accounts, one Redis Cluster",
        f"Computed from Redis's {seconds * 1e6:.0f} µs a request and {size:.0f} bytes a window, "
        f"{source}; see benchmarks.simulate.plan.",
        ("",),
        tuple(rows),
    )
