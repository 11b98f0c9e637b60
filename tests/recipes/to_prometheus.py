"""Events as metrics for Prometheus: requests, their time, what is left, and what it costs."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from twretweet import events


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        to = {"registry": registry}
        self.replies = Counter("x_replies", "Replies of X", ["endpoint", "status"], **to)
        self.failures = Counter("x_failures", "Requests without a reply", ["endpoint"], **to)
        self.seconds = Histogram("x_seconds", "Time to the last byte", ["endpoint"], **to)
        self.items = Counter("x_items", "Items of pages", ["endpoint"], **to)
        self.usd = Counter("x_spent_usd", "Spent, in US dollars", ["endpoint"], **to)
        self.left = Gauge("x_window_left", "Requests left", ["endpoint", "account"], **to)
        self.waited = Histogram("x_waited_seconds", "Waits for a slot", ["bucket"], **to)

    def __call__(self, event: events.Event) -> None:
        match event:
            case events.RequestAnswered():
                self.replies.labels(event.endpoint, event.status).inc()
                self.seconds.labels(event.endpoint).observe(event.seconds)
            case events.RequestFailed():
                self.failures.labels(event.endpoint).inc()
            case events.PageFetched():
                self.items.labels(event.endpoint).inc(event.items)
                if event.remaining is not None:
                    self.left.labels(event.endpoint, event.account).set(event.remaining)
            # A walk's own budget counts again what the manager's counts: give that one Budget().
            case events.BudgetSettled(whose="manager"):
                self.usd.labels(event.endpoint).inc(event.usd)
            case events.Granted():
                self.waited.labels(event.bucket).observe(event.waited)
            case _:
                pass
