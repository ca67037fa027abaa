"""`python -m benchmarks.scaling`: what a whole comparison costs as a problem grows."""

import dataclasses
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import output
from benchmarks.chart import draw_growth
from benchmarks.child import measure
from benchmarks.memory import comparison
from compare.options.exit_status import exit_with
from compare.options.option import flag, folder, rows
from compare.options.parse import parse

USAGE = """\
Runs python -m compare.run for growing N, width and depth, each in a process of its own.

  python -m benchmarks.scaling           N to 4e6, width to 1,000, depth to 30
  python -m benchmarks.scaling --quick   the smaller ones

Exit status: 0 if all was measured; 1 wrong usage or a crash."""


class Curve(NamedTuple):
    """One quantity that grows, and the flags of a value; all else is as by default."""

    flags: str  # with {}
    values: tuple[int, ...]


CURVES = {
    "samples of 2-10-10-1": Curve(
        "--samples={}", (1, 100, 1_000, 10_000, 100_000, 1_000_000, 4_000_000)
    ),
    "width, 100 samples": Curve("--layer_sizes=2,{0},{0},1", (10, 30, 100, 300, 1_000)),
    "width of 784-?-?-10": Curve("--layer_sizes=784,{0},{0},10", (32, 128, 512)),
    "depth, 100 samples": Curve("--layer_sizes=2,{},1", (1, 3, 10, 30)),
}
_QUICK = {
    "samples of 2-10-10-1": 10_000,
    "width, 100 samples": 100,
    "width of 784-?-?-10": 32,
    "depth, 100 samples": 10,
}
_WIDTH_OF_DEEP = 10

Points = dict[int, tuple[float, float]]  # value -> (seconds, peak bytes)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to measure."""

    out: str = folder("out/scaling", "The folder for figures.")
    quick: bool = flag("Leave out what takes long.")


def main(argv: Sequence[str]) -> int:
    """Measures, prints and writes."""
    parsed = parse(argv, rows(Options), usage=USAGE)
    parsed.refuse_words()
    options = Options(**parsed.values)
    folder = output.make_folder(options.out)
    environment = output.environment()
    told, curves = [], {}
    for quantity, curve in CURVES.items():
        most = _QUICK[quantity] if options.quick else max(curve.values)
        points: Points = {}
        for line in _grow(quantity, curve, most, points):
            told.append(line)
            print(line, flush=True)
        curves[quantity] = points
    data = {"date": time.strftime("%Y-%m-%d"), "environment": environment, "curves": curves}
    written = output.write(folder, "\n".join(told), data, lambda path: _draw(curves, path))
    print(f"Written: {', '.join(map(str, written))}")
    return 0


def _grow(quantity: str, curve: Curve, most: int, points: Points) -> Iterator[str]:
    yield f"{quantity:<24}{'time, s':>10}{'peak, MB':>10}"
    for value in curve.values:
        if value > most:
            continue
        own = curve.flags.format(value)
        if quantity.startswith("depth"):
            own = curve.flags.format(",".join([str(_WIDTH_OF_DEEP)] * value))
        with tempfile.TemporaryDirectory() as out:
            done = measure(comparison(100, out, own))  # of a flag given twice, the last one counts
        if done.failed:
            yield f"{value:<24,}  status {done.status}: {done.said}"
            continue
        points[value] = (done.seconds, float(done.peak_bytes))
        yield f"{value:<24,}{done.seconds:>10.2f}{done.peak_bytes / 1e6:>10.0f}"


def _draw(curves: Mapping[str, Points], path: Path) -> None:
    draw_growth({quantity: points for quantity, points in curves.items() if points}, path)


if __name__ == "__main__":
    exit_with(main, "benchmarks.scaling")
