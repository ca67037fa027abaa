"""What a parsed report of functions says: which checks matter, and how each is called."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from compare.numbers import share
from compare.report.document import Json
from compare.report.labels import shortened

LONGEST = 48  # characters of a name in a sentence
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
    """Returns the first check that fails, or is unlikely; None if it agrees or none does."""
    at = standing["first"]
    if at is None or standing["verdict"] == "agree":
        return None
    if at["in"] == "plain":
        return First([at["check"]], 0, in_float64=False)
    return First(standing[at["in"]], at["number"], in_float64=at["in"] == "exact")


class Result(NamedTuple):
    """An output, a statistic or a gradient of a program.

    Attributes:
      check: of it, from what was recorded at the places before.
      end: of it from the arguments on; None where there is none.
      own: the same of the reference itself.
    """

    check: Json
    end: Json | None
    own: Json | None

    @property
    def scaled(self) -> float:
        """How far it is from exact, beside the largest entry.

        0 where the reference itself is off by as much as the largest entry is: nothing but rounding
        is there, as in a gradient that is 0.
        """
        end, own = self.end, self.own
        if end is None or not end["largest"]:
            return 0.0
        if (
            own is not None
            and own["difference"] is not None
            and own["difference"] >= own["largest"]
        ):
            return 0.0
        if end["difference"] is None or end["ulp"] is None:  # finite on one side only
            return math.inf
        return float(end["difference"] / end["largest"])


def results_of(standing: Json, reference: Json) -> list[Result]:
    """Returns all outputs, statistics and gradients."""
    ends, own = by_key(standing["ends"]), by_key(reference["ends"])
    return [
        Result(one, ends.get(key), own.get(key))
        for key, one in by_key(standing["checks"]).items()
        if one["kind"] in RESULTS
    ]


def by_key(checks: Sequence[Json]) -> dict[tuple[str, str], Json]:
    """Returns checks by what they have in common with those of other programs."""
    return {(one["kind"], one["name"]): one for one in checks}


def places_of(checks: Sequence[Json]) -> list[Json]:
    """Returns the checks of places, which are no results."""
    return [one for one in checks if one["kind"] not in RESULTS]


def most_telling(results: Sequence[Result], most: int) -> tuple[list[Result], list[Result]]:
    """Parts results into so many that matter most, in their order, and the others.

    What is wrong matters most, then what is unlikely, then outputs, then what uses most.
    """
    ranked = sorted(range(len(results)), key=lambda i: _rank(results[i].check), reverse=True)
    shown, left = ([results[i] for i in sorted(some)] for some in (ranked[:most], ranked[most:]))
    return shown, left


def _rank(check: Json) -> tuple[bool, bool, bool, float]:
    is_first = check["kind"] != "gradient"
    return not check["holds"], not check["is_typical"], is_first, size_of(check)


def state_of(check: Json) -> str:
    """Returns 'beyond' of what rounding can do, 'unlikely', 'no bound' or 'holds'."""
    if not check["holds"]:
        return "beyond"
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
    return f"{_BEFORE_NAMES[check['kind']]}{shortened(check['name'], LONGEST)}"


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
    """Yields every candidate that has such a check, with it."""
    for standing in report["candidates"]:
        first = first_of(standing)
        if first is not None:
            yield standing, first
