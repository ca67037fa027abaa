"""How a program stands beside the reference: what its checks say, and on what that rests."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from compare.evidence.local.check import Check

Checks = tuple[Check, ...]


class Finding(NamedTuple):
    """A verdict on one program; the fields of `Standing` that it fills."""

    verdict: str
    basis: str
    sentence: str
    first: Check | None
    exact: Checks
    warnings: tuple[str, ...]


def decide(
    checks: Checks, own: Callable[[], Checks], exact: Callable[[], Checks | None], *, whole: bool
) -> Finding:
    """Decides on one program.

    Args:
      checks: of the program, in the dtype of the comparison.
      own: makes those of the reference itself in that dtype.
      exact: makes those of the program in float64; None if it cannot be computed in that.
      whole: whether every place of the reference was recorded.
    """
    first = next((one for one in checks if not one.holds), None)
    if first is not None:
        return _accused(first, own())
    warnings = _warnings(checks)
    if whole and not any(one.vacuous for one in checks):
        return Finding("agree", "certificate", "every difference is rounding", None, (), warnings)
    found = exact()
    if found is None:
        told = "some bounds say nothing, and it cannot be computed in float64"
        return Finding("undecided", "nothing", told, None, (), warnings)
    wrong = next((one for one in found if not one.holds), None)
    if wrong is not None:
        return Finding("disagree", "float64", located(wrong), wrong, found, warnings)
    if any(one.vacuous for one in found):
        told = "some bounds say nothing, in float64 too"
        return Finding("undecided", "nothing", told, None, found, warnings)
    told = "in float64 it computes the same, and its differences are of the size of rounding"
    return Finding("agree", "float64", told, None, found, warnings)


def _accused(first: Check, own: Checks) -> Finding:
    """Says who is wrong, unless the reference is as far off itself."""
    same = {(one.kind, one.name): one for one in own}
    reference = same.get((first.kind, first.name))
    if reference is not None and first.used <= reference.used:
        told = f"{located(first)}; but the reference itself is as far from exact there"
        return Finding("undecided", "nothing", told, first, (), ())
    return Finding("disagree", "certificate", located(first), first, (), ())


def _warnings(checks: Sequence[Check]) -> tuple[str, ...]:
    odd = next((one for one in checks if not one.is_typical), None)
    return () if odd is None else (f"unlikely to be rounding: {located(odd)}",)


def located(one: Check) -> str:
    """Says where a check is: 'forward, between `a` and `b`'."""
    if one.kind in ("output", "statistic", "gradient"):
        what = {"output": "the output", "statistic": "the statistic", "gradient": "the gradient of"}
        return f"{what[one.kind]} {one.name}"
    before = " and ".join(f"`{source}`" for source in one.sources) or "the arguments"
    return f"{one.kind}, between {before} and `{one.name}`"
