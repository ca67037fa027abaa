"""Whether a program computes the same mathematics as a reference, as float64 shows it."""

from typing import Literal, NamedTuple

from compare.verdict.function_evidence import Checks, Evidence, failing, says_nothing


class Mathematics(NamedTuple):
    """What a run in float64 says."""

    verdict: Literal["same", "different", "unknown"]
    told: str = ""  # why it is unknown
    wrong: Checks = ()  # what is different
    elsewhere: Checks = ()  # places that hold something else, though all results are the same
    checks: Checks = ()


def mathematics(evidence: Evidence) -> Mathematics:
    """Asks float64.

    A program may hold float32 numbers inside, whatever it is given. What it is off by then is no
    mistake, and shows no more than float32 does.
    """
    exact = evidence.exact
    if isinstance(exact, str):
        return Mathematics("unknown", f"it cannot be computed in float64 ({exact})")
    wrong, _, uncovered = failing(exact)
    if wrong:
        return _different(exact, wrong)
    if uncovered:
        told = "in float64 the reference itself is off by more than its bounds"
        return Mathematics("unknown", told, checks=exact.checks)
    if says_nothing(exact) or any(one.overflown or one.undefined for one in exact.checks):
        return Mathematics("unknown", "some bounds say nothing in float64 too", checks=exact.checks)
    return Mathematics("same", checks=exact.checks)


def _different(exact: Evidence, wrong: Checks) -> Mathematics:
    """Decides on what is different in float64, unless it is as little as a rounding to float32."""
    is_seen = exact.narrowest not in ("", "float64")
    excused = {one.key for one in exact.as_narrow if one.is_typical or (is_seen and one.holds)}
    sure = tuple(one for one in wrong if one.key not in excused)
    if not sure:
        seen = f": numbers of {exact.narrowest} occur in it" if is_seen else ""
        rounded_to = exact.narrowest if is_seen else "float32"
        told = f"in float64 it is off by no more than a rounding to {rounded_to}{seen}"
        return Mathematics("unknown", told, checks=exact.checks)
    if _same_results(exact, wrong):
        return Mathematics("same", elsewhere=wrong, checks=exact.checks)
    return Mathematics("different", wrong=sure, checks=exact.checks)


def _same_results(exact: Evidence, wrong: Checks) -> bool:
    """Whether only places differ, and all results are the same from end to end."""
    if any(one.kind not in ("forward", "backward") for one in wrong):
        return False
    return all(one.holds and (one.is_zero or not one.vacuous) for one in exact.at_ends)
