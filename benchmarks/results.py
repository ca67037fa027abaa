"""What a part of the benchmark has found."""

import statistics
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.timing import Ratio, Seconds, paired


class Table(NamedTuple):
    """Times of tasks that took turns."""

    title: str
    seconds: Seconds
    reference: str  # the task that the others are a multiple of
    notes: tuple[str, ...] = ()

    def ratios(self) -> dict[str, Ratio]:
        """Returns each task's time as a multiple of the reference's."""
        return {name: paired(self.seconds, name, self.reference) for name in self.seconds}


class Goal(NamedTuple):
    """A goal, and whether it is reached; None where that could not be measured."""

    name: str  # 'P1', ...
    goal: str
    measured: str
    reached: bool | None


class Part(NamedTuple):
    """Tables and goals."""

    tables: tuple[Table, ...]
    goals: tuple[Goal, ...]


def format_table(table: Table) -> str:
    """Medians and, for each, how many times the reference's it takes, with the quartiles."""
    return "\n".join(_lines(table))


def format_goals(goals: tuple[Goal, ...]) -> str:
    """A line for each goal."""
    answer = {True: "reached", False: "NOT REACHED", None: "not measured"}
    lines = (f"{g.name} {answer[g.reached]}: {g.goal}: {g.measured}" for g in goals)
    return "\n".join(_wrapped(line) for line in lines)


def _lines(table: Table) -> Iterator[str]:
    yield _wrapped(table.title)
    if table.seconds:
        yield f"{'':<38}{'median, ms':>11}{'x':>9}{'quartiles of x':>22}"
        for name, ratio in table.ratios().items():
            spread = f"{ratio.low:.3g} .. {ratio.high:.3g}"
            median = _milliseconds(statistics.median(table.seconds[name]))
            yield f"{name:<38}{median:>11}{ratio.median:>9.3g}{spread:>22}"
        yield _wrapped(f"x: time as a multiple of {table.reference!r}, turn by turn")
    yield from map(_wrapped, table.notes)


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 80, subsequent_indent="  ", break_on_hyphens=False)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"
