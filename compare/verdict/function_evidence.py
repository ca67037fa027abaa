"""What is known of one program beside a reference, as far as a verdict needs it."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from compare.evidence.local.check import Check, Checks
from compare.problem.recording import Key

LOW = ("bfloat16", "float16")  # dtypes in which little can be seen
_NOTHING = 1e-3  # of a rounding error
FREEDOM = 4  # times as far off as rounding explains, or as the reference, another formula may be


class Evidence(Protocol):
    """Evidence on a run in one dtype; what costs time is found out when it is asked for."""

    @property
    def dtype(self) -> str:
        """The name of the dtype of results."""

    @property
    def checks(self) -> Checks:
        """From each place to the next, in the order of the data."""

    @property
    def is_whole(self) -> bool:
        """Whether every place of the reference was recorded."""

    @property
    def narrowest(self) -> str:
        """The dtype of fewest digits that was seen; '' if nothing is known of it."""

    @property
    def own(self) -> Checks:
        """Those of the reference itself."""

    @property
    def tied(self) -> Checks:
        """The checks with all slopes admitted at ties and kinks."""

    @property
    def as_narrow(self) -> Checks:
        """The checks as if all was computed in the narrowest dtype, or in float32."""

    @property
    def at_ends(self) -> Checks:
        """Those of the results alone, from the arguments on."""

    @property
    def own_at_ends(self) -> Checks:
        """Those of the results of the reference itself."""

    @property
    def plain(self) -> Checks:
        """Those of results that differ where no places are recorded; () if none do."""

    @property
    def zeros(self) -> Mapping[Key, float]:
        """Which places and results are 0 in exact arithmetic, and how exactly."""

    def cause(self, one: Check) -> str:
        """Says which equation of the reference made a number that is not finite; '' if none."""

    @property
    def exact(self) -> "Evidence | str":
        """The evidence on a run in float64, or why there is none."""


class FailingChecks(NamedTuple):
    """Checks that do not hold."""

    wrong: Checks  # whatever is admitted
    ties: Checks  # but do if all slopes are admitted at ties
    open: Checks  # and of which nothing is known if they are
    uncovered: Checks  # and those of the reference do not either

    @property
    def unclear(self) -> Checks:
        """Those that prove nothing."""
        return self.open + self.uncovered


def failing(evidence: Evidence) -> FailingChecks:
    """Sorts the checks that do not hold."""
    found: dict[str, list[Check]] = {name: [] for name in FailingChecks._fields}
    wrong = [one for one in evidence.checks if not one.holds]
    tied = {one.key: one for one in evidence.tied} if wrong else {}
    for one in wrong:
        found[_reason(evidence, one, tied.get(one.key, one))].append(one)
    return FailingChecks(**{name: tuple(checks) for name, checks in found.items()})


def _reason(evidence: Evidence, one: Check, tied: Check) -> str:
    """Names the field of FailingChecks that a check which does not hold belongs to."""
    if tied.holds and _has_slopes(one) and math.isfinite(one.found):
        return "open" if tied.unbounded > one.unbounded else "ties"
    return "wrong" if all(own.holds for own in evidence.own if own.key == one.key) else "uncovered"


def _has_slopes(one: Check) -> bool:
    """Whether a choice at a tie may be seen there: in a slope, or which entry is the largest."""
    return one.kind in ("backward", "gradient") or one.floor == 0


def says_nothing(evidence: Evidence) -> Checks:
    """Returns the checks with entries whose bounds are as large as the entries are.

    A place that is 0 in exact arithmetic is none of them: rounding is all that is there.
    """
    found = [one for one in evidence.checks if one.vacuous and not is_zero(evidence, one)]
    return tuple(found)


def untested(evidence: Evidence) -> Checks:
    """Returns the checks with entries of which rounding may make anything, as it usually is.

    One that is about as near to exact there as the reference itself is none of them.
    """
    found = [one for one in evidence.checks if one.untested and not is_zero(evidence, one)]
    own = {one.key: one.adrift for one in evidence.own} if found else {}
    return tuple(one for one in found if not _is_as_near(one, own.get(one.key, 0.0)))


def _is_as_near(one: Check, own: float) -> bool:
    """Whether it is about as near to exact as the reference is, or overflows as that does."""
    if math.isinf(own) or math.isinf(one.adrift):
        return own == one.adrift
    return one.adrift <= max(one.floor, FREEDOM * own)


def is_zero(evidence: Evidence, one: Check) -> bool:
    """Whether a place or result is 0 in exact arithmetic, so that only rounding is there."""
    if not one.vacuous:
        return False
    if evidence.dtype == "float64":
        return one.is_zero
    return one.is_zero and evidence.zeros.get(one.key, math.inf) <= _NOTHING * one.typical
