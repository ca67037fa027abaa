"""What a part of the benchmark has found."""

import statistics
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.timing import Seconds


class Table(NamedTuple):
    """Times of tasks that took turns."""

    title: str
    seconds: Seconds
    reference: str  # the task that the others are a multiple of
    notes: tuple[str, ...] = ()


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
    """Medians, spreads and, for each, how many times the reference's it takes, and the inverse."""
    return "\n".join(_lines(table))


def format_goals(goals: tuple[Goal, ...]) -> str:
    """A line for each goal."""
    answer = {True: "reached", False: "NOT REACHED", None: "not measured"}
    return "\n".join(f"{g.name} {answer[g.reached]}: {g.goal}: {g.measured}" for g in goals)


def _lines(table: Table) -> Iterator[str]:
    yield table.title
    if table.seconds:
        base = statistics.median(table.seconds[table.reference])
        yield f"{'':<38}{'median, ms':>11}{'least .. most':>18}{'x':>9}{'1/x':>10}"
        for name, times in table.seconds.items():
            median = statistics.median(times)
            spread = f"{_milliseconds(min(times))} .. {_milliseconds(max(times))}"
            ratios = f"{median / base:>9.3g}{base / median:>10.3g}"
            yield f"{name:<38}{_milliseconds(median):>11}{spread:>18}{ratios}"
        yield f"x: time as a multiple of {table.reference!r}"
    yield from table.notes


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3f}" if seconds < 0.1 else f"{seconds * 1e3:.0f}"
