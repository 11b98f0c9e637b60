"""Events as spans of OpenTelemetry: one for each request, below the span that it was made in.

A listener is called in the task that makes the request, so the current span is the caller's.
"""

import time
from collections.abc import Callable

from opentelemetry.trace import SpanKind, StatusCode, Tracer

from twretweet import events


def spans(tracer: Tracer, now: Callable[[], int] = time.time_ns) -> Callable[[events.Event], None]:
    def listen(event: events.Event) -> None:
        if not isinstance(event, events.RequestAnswered | events.RequestFailed):
            return
        end = now()
        span = tracer.start_span(
            event.endpoint,
            kind=SpanKind.CLIENT,
            start_time=end - int(event.seconds * 1e9),
            attributes={
                "http.request.method": event.endpoint.split(" ")[0],
                "http.request.resend_count": event.attempt - 1,
                "x.account": event.account,
            },
        )
        if isinstance(event, events.RequestAnswered):
            span.set_attribute("http.response.status_code", event.status)
            span.set_status(StatusCode.ERROR if event.status >= 400 else StatusCode.OK)
        else:
            span.set_status(StatusCode.ERROR, event.error)
        span.end(end)

    return listen
