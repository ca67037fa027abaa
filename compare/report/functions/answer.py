"""The answer to a comparison of functions in words, as the screen and the page give it."""

import math
from collections.abc import Iterator

from compare.numbers import count, counted, entry, listed, number, share
from compare.report.answer import MARKS, Figure, Part
from compare.report.document import Json
from compare.report.functions.document import called, results_of, worst_of

REPRODUCING = "To compare the same again, from the same bits"


def title_of(report: Json) -> str:
    """Says what was compared: 'candidate (torch) beside reference (jax), float32 on cpu'."""
    programs = [f"{one['name']} ({one['framework']})" for one in report["candidates"]]
    devices = dict.fromkeys(one["device"] for one in report["candidates"])
    reference = f"{report['reference']['name']} ({report['reference']['framework']})"
    return (
        f"{listed(programs)} beside {reference}, {report['config']['dtype']} on "
        f"{listed(list(devices))}"
    )


def standings_of(report: Json) -> Iterator[tuple[str, str]]:
    """Yields on what the verdict rests; of several candidates how each stands, by its name."""
    candidates = report["candidates"]
    if len(candidates) == 1:
        yield "rests on", rests_on(candidates[0])
        return
    for one in candidates:
        said = f"{MARKS[one['verdict']]} {one['verdict']}: {one['sentence']}"
        yield one["name"], f"{said}; it rests on {rests_on(one)}"


def rests_on(standing: Json) -> str:
    """Says what a verdict rests on."""
    at = f"{standing['recorded']:,} of {counted(standing['places'], 'place')}, forward and backward"
    if standing["basis"] == "certificate":
        if not standing["places"]:
            return "bounds from the arguments on, since the reference names no places"
        return f"its own values at {at}"
    seen = f"; seen at {at}" if standing["places"] else ""
    if standing["basis"] == "float64":
        is_same = standing["verdict"] == "agree"
        return f"float64, in which it computes {'the same' if is_same else 'other values'}{seen}"
    return f"nothing that proves it either way{seen}"


def figures_of(report: Json) -> list[Figure]:
    """Returns the two numbers: how far apart, and how much of rounding that uses."""
    return [
        Figure("largest difference", tuple(_largest(report))),
        Figure("rounding used", (_used(report),)),
    ]


def _largest(report: Json) -> Iterator[Part]:
    """Yields how far results are from exact, in ulp and relatively."""
    known = [(one, check) for one in report["candidates"] for check in results_of(one)]
    for metric in ("ulp", "max_rel"):
        standing, check = max(known, key=lambda both: _size(both[1][metric]), default=(None, None))
        if standing is None or check is None:
            yield Part("-", "", "")
            return
        if check[metric] is None:
            yield Part("not finite", "", f"in {_of(standing, check, report)}")
            return
        if not check[metric]:
            yield Part("none", "", "")
            return
        said = count(check[metric]), "steps (ulp)" if check[metric] != 1 else "step (ulp)"
        if metric == "max_rel":
            said = number(check[metric]), "relative"
        yield Part(*said, f"in {_of(standing, check, report)}")


def _used(report: Json) -> Part:
    found = worst_of(report["candidates"])
    if found is None:
        return Part("-", "", "")
    standing, check = found
    allowing = f"what {report['config']['dtype']} allows"
    where = entry(called(check), check["index"])
    who = f", {standing['name']}" if len(report["candidates"]) > 1 else ""
    ratio = check["used"]
    if ratio is None:
        return Part("∞ times", allowing, f"{where}{who}")
    return Part(share(ratio), f"{'' if ratio > 1 else 'of '}{allowing}", f"{where}{who}")


def _of(standing: Json, check: Json, report: Json) -> str:
    who = f", {standing['name']}" if len(report["candidates"]) > 1 else ""
    return f"{called(check)}{who}"


def _size(value: float | None) -> float:
    return math.inf if value is None else value
