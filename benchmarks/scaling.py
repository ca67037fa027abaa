"""`python -m benchmarks.scaling`: what a whole comparison costs as a problem grows."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import flags

from benchmarks import output
from benchmarks.chart import draw_growth
from benchmarks.child import measure
from benchmarks.memory import comparison
from compare.errors import UsageError
from compare.options import command_line

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
    "depth, 100 samples": Curve("--layer_sizes=2,{},1", (1, 3, 10, 30)),
}
_QUICK = {"samples of 2-10-10-1": 10_000, "width, 100 samples": 100, "depth, 100 samples": 10}
_WIDTH_OF_DEEP = 10

Points = dict[int, tuple[float, float]]  # value -> (seconds, peak bytes)


def main(argv: Sequence[str]) -> int:
    """Measures, prints and writes."""
    values = flags.FlagValues()
    flags.DEFINE_string("out", "out/scaling", "The folder for figures.", flag_values=values)
    flags.DEFINE_bool("quick", False, "Leave out what takes long.", flag_values=values)
    own = ("out=FOLDER", "quick", "flagfile=FILE", "help")
    words = command_line.parse(argv, values, usage=USAGE, sections={"Flags": own})
    if words:
        raise UsageError(f"expected flags only, got {' '.join(map(repr, words))}")
    folder = output.make_folder(values.out)
    environment = output.environment()
    told, curves = [], {}
    for quantity, curve in CURVES.items():
        most = _QUICK[quantity] if values.quick else max(curve.values)
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
    command_line.exit_with(main, "benchmarks.scaling")
