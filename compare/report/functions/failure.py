"""The first check that fails, as a title and as facts: what the screen and the page say of it."""

import math
from collections.abc import Iterator

from compare.numbers import counted, entry, listed, number, share, told_apart
from compare.report.document import Json
from compare.report.functions.document import LONGEST, First, by_key, called, state_of, used_of
from compare.report.labels import shortened

MOST_AROUND = 3  # checks before and after it that are shown


def title_of_first(report: Json, standing: Json, first: First) -> str:
    """Says what is first wrong: 'First wrong in candidate, in float32: forward at fc1[0,3]'."""
    kind = "wrong" if standing["verdict"] == "disagree" else state_of(first.check)
    dtype = "float64" if first.in_float64 else report["config"]["dtype"]
    place = entry(called(first.check), first.check["index"])
    return f"First {kind} in {shortened(standing['name'], LONGEST)}, in {dtype}: {place}"


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
    if math.isfinite(apart):
        yield "apart", f"{number(apart)}, relatively {number(apart / larger if larger else apart)}"
    yield "allowed", _allowed(check, apart)
    if check["holds"]:
        yield "unlikely", f"that is {_times(check['unlikely'])}what rounding usually makes at most"
    else:
        entries = counted(check["entries"], "entry", "entries")
        yield "beyond that", f"{check['beyond']:,} of {entries}"
    checks = by_key(report["reference"]["exact" if first.in_float64 else "checks"])
    own = checks.get((check["kind"], check["name"]))
    if own is not None:
        yield "reference", f"uses {used_of(own)} of what is allowed there"


def _before(check: Json) -> str:
    """Names the places that it was computed from, those of the backward pass as such."""
    names = [
        shortened(one["name"], LONGEST) + (" (backward)" if one["backward"] else "")
        for one in check["sources"]
    ]
    return listed(names) or "the places before"


def _allowed(check: Json, apart: float) -> str:
    """Says how much rounding can do to the worst entry, and how often that is in what it is off."""
    if check["worst"] is None or check["floor"] is None:
        return "-"
    allowed = check["worst"] + check["floor"]
    if not math.isfinite(apart) or not allowed:
        return f"{number(allowed)}: no rounding makes that"
    return f"{number(allowed)}: that is {_times(apart / allowed)}what rounding can do"


def _times(ratio: float | None) -> str:
    said = share(ratio)
    return f"{said} " if said.endswith("times") else f"{said} of "
