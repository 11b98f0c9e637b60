"""The recipes do what they say, over real HTTP."""

import logging

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

import twretweet as tw
from tests.recipes.to_logging import log
from tests.recipes.to_opentelemetry import spans
from tests.recipes.to_prometheus import Metrics
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import OnEvent

pytestmark = pytest.mark.anyio

LEFT = {"x-rate-limit-limit": "75", "x-rate-limit-remaining": "41", "x-rate-limit-reset": "9"}
PATIENT = tw.RetryPolicy(attempts=3, base_delay=0, max_delay=0)


async def walk(on_event: OnEvent) -> None:
    """Two retweets, after a 503 and a lost reply."""
    async with ScriptedServer() as server:
        server.replies.extend([reply(503), None, reply(200, page("2", "1"), LEFT)])
        async with tw.SessionManager(
            base_url=server.url, retry=PATIENT, on_event=on_event, budget=tw.Budget()
        ) as manager:
            session = manager.session(tw.AppOnly("secret"))
            assert len(await session.retweets(1, budget=tw.Budget(usd=5)).collect()) == 2


async def test_what_needs_attention_is_logged_as_a_warning(caplog):
    with caplog.at_level(logging.DEBUG, logger="bot.x"):
        await walk(log)
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert [text.split("(")[0] for text in warnings] == ["Retrying", "RequestFailed", "Retrying"]
    assert len(caplog.records) > len(warnings)
    assert "secret" not in caplog.text


async def test_requests_and_money_are_counted_for_prometheus():
    registry = CollectorRegistry()
    await walk(Metrics(registry))
    text = generate_latest(registry).decode()
    of = 'endpoint="GET /2/tweets/{tweet_id}/retweets"'
    for line in (
        f'x_replies_total{{{of},status="200"}} 1.0',
        f'x_replies_total{{{of},status="503"}} 1.0',
        f"x_failures_total{{{of}}} 1.0",
        f"x_items_total{{{of}}} 2.0",
        f"x_spent_usd_total{{{of}}} 0.51",
        f'x_window_left{{account="the app",{of}}} 41.0',
        f"x_seconds_count{{{of}}} 2.0",
    ):
        assert line in text


async def test_each_request_is_a_span_below_the_callers():
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("bot")
    with tracer.start_as_current_span("look for retweets") as caller:
        await walk(spans(tracer))
    *requests, whole = exporter.get_finished_spans()
    assert whole.name == "look for retweets"
    assert [span.name for span in requests] == ["GET /2/tweets/{tweet_id}/retweets"] * 3
    assert all(span.parent == caller.get_span_context() for span in requests)
    codes = [span.attributes.get("http.response.status_code") for span in requests]
    assert codes == [503, None, 200]
    assert [span.attributes["http.request.resend_count"] for span in requests] == [0, 1, 2]
    assert all(span.start_time <= span.end_time for span in requests)
    provider.shutdown()
