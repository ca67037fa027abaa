"""The first check that fails, as a title and as facts: what the screen and the page say of it."""

from collections.abc import Iterator

from compare.numbers import counted, entry, listed, number, share, told_apart
from compare.report.document import Json
from compare.report.functions.document import First, called, counterpart, used_of

MOST_AROUND = 3  # checks before and after it that are shown


def title_of_first(report: Json, standing: Json, first: First) -> str:
    """Says what is first wrong: 'First wrong in candidate, in float32: forward at fc1[0,3]'."""
    dtype = "float64" if first.in_float64 else report["config"]["dtype"]
    place = entry(called(first.check), first.check["index"])
    return f"First wrong in {standing['name']}, in {dtype}: {place}"


def facts_of(report: Json, first: First) -> Iterator[tuple[str, str]]:
    """Yields (label, text) of the worst entry of a check that fails.

    Args:
      report: parsed report.json.
      first: the first check of a program that fails.
    """
    check = first.check
    found, expected = float(check["found"]), float(check["expected"])
    said = told_apart(found, expected)
    yield "found", said[0]
    yield "expected", f"{said[1]}, exactly, from what it had at {_before(check)}"
    apart, larger = abs(found - expected), max(abs(found), abs(expected))
    yield "apart", f"{number(apart)}, relatively {number(apart / larger if larger else apart)}"
    yield "allowed", f"{_allowed(check)}: that is {_times(check)} what rounding can do"
    entries = counted(check["entries"], "entry", "entries")
    yield "beyond that", f"{check['beyond']:,} of {entries}"
    own = counterpart(report["reference"], check, in_float64=first.in_float64)
    if own is not None:
        yield "reference", f"uses {used_of(own)} of what is allowed there"


def _before(check: Json) -> str:
    return listed(check["sources"]) or "the places before"


def _allowed(check: Json) -> str:
    worst, floor = check["worst"], check["floor"]
    return "-" if worst is None or floor is None else number(worst + floor)


def _times(check: Json) -> str:
    return "∞ times" if check["used"] is None else share(check["used"])
