"""What a parsed report of functions says: which checks matter, and how each is called."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.numbers import share
from compare.report.document import Json

RESULTS = {"output": "outputs", "statistic": "statistics", "gradient": "gradients by"}

_BEFORE_NAMES = {
    "forward": "forward at ",
    "output": "",
    "statistic": "statistic ",
    "backward": "backward at ",
    "gradient": "gradient by ",
}


class First(NamedTuple):
    """The first check of a program that fails, among those before and after it."""

    checks: Sequence[Json]
    number: int
    in_float64: bool

    @property
    def check(self) -> Json:
        """That check."""
        return self.checks[self.number]

    def around(self, most: int) -> list[Json]:
        """Returns it with so many checks before and after it, in the order of the data."""
        return list(self.checks[max(0, self.number - most) : self.number + most + 1])


def first_of(standing: Json) -> First | None:
    """Returns the first check that fails; None if none does."""
    at = standing["first"]
    return None if at is None else First(standing[at["in"]], at["number"], at["in"] == "exact")


def results_of(standing: Json) -> list[Json]:
    """Returns the checks of outputs, statistics and gradients."""
    return [one for one in standing["checks"] if one["kind"] in RESULTS]


def places_of(checks: Sequence[Json]) -> list[Json]:
    """Returns the others."""
    return [one for one in checks if one["kind"] not in RESULTS]


def most_telling(checks: Sequence[Json], most: int) -> tuple[list[Json], list[Json]]:
    """Parts checks into so many that matter most, in their order, and the others.

    What is wrong matters most, then what is unlikely, then outputs, then what uses most.
    """
    ranked = sorted(range(len(checks)), key=lambda i: _rank(checks[i]), reverse=True)
    shown, left = ([checks[i] for i in sorted(some)] for some in (ranked[:most], ranked[most:]))
    return shown, left


def _rank(check: Json) -> tuple[bool, bool, bool, float]:
    is_first = check["kind"] != "gradient"
    return not check["holds"], not check["is_typical"], is_first, size_of(check)


def counterpart(standing: Json, check: Json, *, in_float64: bool = False) -> Json | None:
    """Returns the check of another program at the same place; None if it has none."""
    checks = standing["exact" if in_float64 else "checks"]
    key = check["kind"], check["name"]
    return next((one for one in checks if (one["kind"], one["name"]) == key), None)


def state_of(check: Json) -> str:
    """Returns 'wrong', 'unlikely', 'no bound' or 'holds'."""
    if not check["holds"]:
        return "wrong"
    if not check["is_typical"]:
        return "unlikely"
    return "no bound" if is_vacuous(check) else "holds"


def is_vacuous(check: Json) -> bool:
    """Whether bounds say nothing of any entry, so that it holds whatever was computed."""
    return bool(check["holds"] and check["entries"] and check["vacuous"] == check["entries"])


def used_of(check: Json | None) -> str:
    """Says how much of what rounding allows is used."""
    if check is None:
        return "-"
    return "no bound" if is_vacuous(check) else share(check["used"])


def size_of(check: Json) -> float:
    """Returns what to order checks by: the share of what is allowed, infinite beyond any."""
    return math.inf if check["used"] is None else float(check["used"])


def called(check: Json) -> str:
    """Returns 'forward at fc1', 'output["loss"]' or 'gradient by fc1.weight'."""
    return f"{_BEFORE_NAMES[check['kind']]}{check['name']}"


def worst_of(standings: Sequence[Json]) -> tuple[Json, Json] | None:
    """Returns the program and the check that use most of what rounding allows."""
    known = [
        (standing, check)
        for standing in standings
        for check in standing["checks"]
        if not is_vacuous(check)
    ]
    return max(known, key=lambda both: size_of(both[1]), default=None)


def failed(report: Json) -> Iterator[tuple[Json, First]]:
    """Yields every candidate that has a check that fails, with the first one."""
    for standing in report["candidates"]:
        first = first_of(standing)
        if first is not None:
            yield standing, first
