"""P4: the peak memory of a comparison, of many samples and of forty times fewer."""

import tempfile

from benchmarks.child import measure
from benchmarks.results import Goal, Part, Table

_GOAL = "peak RSS of 4e6 samples at most 100 MB above that of 1e5"


def run(*, quick: bool) -> Part:
    """Runs both, each in a process of its own."""
    few, many = (100, 4_000) if quick else (100_000, 4_000_000)
    peaks, seconds, notes = {}, {}, []
    with tempfile.TemporaryDirectory() as out:
        for n in (few, many):
            done = measure(comparison(n, out))
            name = f"compare.run, {n:,} samples"
            if done.failed:
                problem = f"{name} ended with status {done.status}: {done.said}"
                return Part((), (Goal("P4", _GOAL, problem, None),))
            peaks[n], seconds[name] = done.peak_bytes / 1e6, [done.seconds]
            notes.append(f"{name}: peak {peaks[n]:.0f} MB")
    table = Table("Memory of the whole comparison", seconds, next(iter(seconds)), tuple(notes))
    more = peaks[many] - peaks[few]
    measured = f"{peaks[few]:.0f} MB and {peaks[many]:.0f} MB, {more:+.0f} MB"
    reached = None if quick else more <= 100
    return Part((table,), (Goal("P4", _GOAL, measured, reached),))


def comparison(n: int, out: str, *more: str) -> list[str]:
    """Arguments of Python that compare n samples and write no more than a report."""
    own = ("compare.run", f"--samples={n}", f"--out={out}", "--dumps=none", "--quiet")
    return ["-m", *own, *more]
