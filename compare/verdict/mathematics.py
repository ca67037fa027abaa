"""Whether a program computes the same mathematics as a reference, as float64 shows it."""

from typing import Literal, NamedTuple

from compare.evidence.local.check import Check, Checks
from compare.verdict.function_evidence import Evidence, failing, says_nothing

_SLIGHT = 1e-4  # of what is usual in float32
_VISIBLE = 2.0**-24  # of the largest entry: a rounding to float32


class Mathematics(NamedTuple):
    """What a run in float64 says."""

    verdict: Literal["same", "different", "unknown"]
    told: str = ""  # why it is unknown, or how far off it is
    wrong: Checks = ()  # what is different
    elsewhere: Checks = ()  # what differs, though all results are the same from end to end
    checks: Checks = ()
    is_narrow: bool = False  # whether it is off by as much as a rounding to fewer digits


def mathematics(evidence: Evidence) -> Mathematics:
    """Asks float64.

    A program may hold float32 numbers inside, whatever it is given. What it is off by then is no
    mistake, and shows no more than float32 does.
    """
    exact = evidence.exact
    if isinstance(exact, str):
        return Mathematics("unknown", f"it cannot be computed in float64 ({exact})")
    found = failing(exact)
    if found.wrong:
        return _different(exact, found.wrong)
    if found.open:
        told = "in float64 it chooses otherwise too where numbers that are compared are equal"
        return Mathematics("unknown", told, checks=exact.checks)
    if found.uncovered:
        told = "in float64 the reference itself is off by more than its bounds"
        return Mathematics("unknown", told, checks=exact.checks)
    if says_nothing(exact) or any(one.overflown or one.undefined for one in exact.checks):
        return Mathematics("unknown", "some bounds say nothing in float64 too", checks=exact.checks)
    return Mathematics("same", checks=exact.checks)


def _different(exact: Evidence, wrong: Checks) -> Mathematics:
    """Decides on what is different in float64, unless it is as little as a rounding to float32.

    Beside that, what another formula loses in float64 is nothing.
    """
    is_seen = exact.narrowest not in ("", "float64")
    known = {one.key: one for one in exact.as_narrow}
    if all(_is_slight(one, known[one.key]) for one in wrong):
        told = f"in float64 it is off by {wrong[0].relative:.1g} of the largest entry, and no more"
        return Mathematics("same", told, checks=exact.checks)
    may_be = is_seen or exact.narrowest == ""  # where all is seen to be float64, it is not
    excused = {
        key for key, one in known.items() if may_be and (one.is_typical or (is_seen and one.holds))
    }
    sure = tuple(one for one in wrong if one.key not in excused)
    if not sure:
        seen = f": numbers of {exact.narrowest} occur in it" if is_seen else ""
        rounded_to = exact.narrowest if is_seen else "float32"
        told = f"in float64 it is off by no more than a rounding to {rounded_to}{seen}"
        return Mathematics("unknown", told, is_narrow=True, checks=exact.checks)
    if _same_results(exact):
        return Mathematics("same", elsewhere=wrong, checks=exact.checks)
    return Mathematics("different", wrong=sure, checks=exact.checks)


def _is_slight(one: Check, as_narrow: Check) -> bool:
    """Whether it is nothing beside a rounding to float32, whose bounds may say nothing either."""
    if one.is_zero and not as_narrow.unbounded:
        return as_narrow.unlikely <= _SLIGHT
    return as_narrow.unlikely <= _SLIGHT and one.relative <= _VISIBLE


def _same_results(exact: Evidence) -> bool:
    """Whether all results are the same from end to end, whatever places of a name hold."""
    return all(one.holds and (one.is_zero or not one.vacuous) for one in exact.at_ends)
