"""What is said of the memory of exports; `python -m benchmarks exports` measures it."""

from benchmarks.export.memory import Measured, row


def test_exports_too_short_to_be_compared_are_not_judged():
    short, long = Measured(50.0, 1_000, 10), Measured(63.0, 10_000, 100)
    assert row("parquet", short, long, judged=False).goal is None
    judged = row("parquet", short, long, judged=True)
    assert judged.goal is not None
    assert not judged.goal.met
    assert judged.goal.must, "no noise of the machine explains it"
    assert judged.data["ratio"] == 63 / 50
