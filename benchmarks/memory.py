"""P4: the peak memory of a comparison, of many samples and of forty times fewer.

`python -m benchmarks.memory` runs ten of both: a promise is what holds in all of them.
"""

import sys
import tempfile

from benchmarks.child import measure
from benchmarks.results import Goal, Part, Table, format_goals, format_table
from benchmarks.timing import Seconds

_GOAL = "peak RSS of 4e6 samples at most 100 MB above that of 1e5, in every run"


def run(*, quick: bool, runs: int = 1) -> Part:
    """Runs both in turn, each in a process of its own."""
    few, many = (100, 4_000) if quick else (100_000, 4_000_000)
    names = {n: f"compare.run, {n:,} samples" for n in (few, many)}
    peaks: dict[int, list[float]] = {few: [], many: []}
    seconds: Seconds = {name: [] for name in names.values()}
    with tempfile.TemporaryDirectory() as out:
        for n in (few, many) * runs:
            done = measure(comparison(n, out))
            if done.failed:
                problem = f"{names[n]} ended with status {done.status}: {done.said}"
                return Part((), (Goal("P4", _GOAL, problem, None),))
            peaks[n].append(done.peak_bytes / 1e6)
            seconds[names[n]].append(done.seconds)
    notes = tuple(f"{names[n]}: peak {_listed(peaks[n])} MB" for n in (few, many))
    table = Table("Memory of the whole comparison", seconds, names[few], notes)
    more = [most - least for least, most in zip(peaks[few], peaks[many], strict=True)]
    reached = None if quick else max(more) <= 100
    return Part((table,), (Goal("P4", _GOAL, f"{_listed(more, '+')} MB", reached),))


def _listed(megabytes: list[float], sign: str = "") -> str:
    return ", ".join(f"{value:{sign}.0f}" for value in megabytes)


def comparison(n: int, out: str, *more: str) -> list[str]:
    """Arguments of Python that compare n samples and write no more than a report."""
    own = ("compare.run", f"--samples={n}", f"--out={out}", "--dumps=none", "--quiet")
    return ["-m", *own, *more]


if __name__ == "__main__":
    part = run(quick="--quick" in sys.argv, runs=10)
    print(*map(format_table, part.tables), format_goals(part.goals), sep="\n\n")
