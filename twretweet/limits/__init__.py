"""Rate limits: the arithmetic of X's windows, where their numbers live, and who waits for whom."""

from twretweet.limits.bucket import Bucket, BucketState, Limiter, Permit
from twretweet.limits.memory import MemoryLimiter
from twretweet.limits.spec import Pace, WindowSpec

__all__ = ["Bucket", "BucketState", "Limiter", "MemoryLimiter", "Pace", "Permit", "WindowSpec"]
