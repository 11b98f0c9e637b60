"""What X charges for a call, as dated data.

Source: https://docs.x.com/x-api/getting-started/pricing, pay per use, as of 2026-08. Replies
carry no cost, so whoever wants to know it has to count.
"""

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

Charge: TypeAlias = Literal["post_read", "user_read", "interaction_create", "interaction_delete"]


class PriceList(Struct, frozen=True, kw_only=True):
    """US dollars per unit: a resource returned for reads, a request for writes.

    Attributes:
        as_of: when these prices were published.
        post_read: for each post in a reply.
        user_read: for each user in a reply.
        interaction_create: for each retweet made.
        interaction_delete: for each retweet undone.
    """

    as_of: date
    post_read: float
    user_read: float
    interaction_create: float
    interaction_delete: float

    def of(self, charge: Charge, count: int = 1) -> float:
        """The price of ``count`` units, in US dollars."""
        unit = {
            "post_read": self.post_read,
            "user_read": self.user_read,
            "interaction_create": self.interaction_create,
            "interaction_delete": self.interaction_delete,
        }[charge]
        return unit * count


PRICES = PriceList(
    as_of=date(2026, 8, 1),
    post_read=0.005,
    user_read=0.010,
    interaction_create=0.015,
    interaction_delete=0.010,
)
