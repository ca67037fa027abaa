"""The answer to a comparison of functions in words, as the screen and the page give it."""

import math
from collections.abc import Iterator, Sequence

from compare.numbers import counted, entry, listed, number, share
from compare.report.answer import MARKS, Figure, Part
from compare.report.document import Json
from compare.report.functions.document import LONGEST, called, results_of, worst_of
from compare.report.labels import shortened

REPRODUCING = "To compare the same again, from the same bits"


def title_of(report: Json) -> str:
    """Says what was compared: 'candidate (torch) beside reference (jax), float32 on cpu'."""
    programs = [
        f"{shortened(one['name'], LONGEST)} ({one['framework']})" for one in report["candidates"]
    ]
    devices = dict.fromkeys(one["device"] for one in report["candidates"])
    reference = f"{report['reference']['name']} ({report['reference']['framework']})"
    return (
        f"{listed(programs)} beside {reference}, {report['config']['dtype']} on "
        f"{listed(list(devices))}"
    )


def standings_of(report: Json) -> Iterator[tuple[str, str]]:
    """Yields on what the verdict rests; of several candidates how each stands."""
    candidates = report["candidates"]
    if len(candidates) == 1:
        yield "rests on", rests_on(candidates[0])
        return
    for one in candidates:
        said = f"{MARKS[one['verdict']]} {stands(one, report['headline'])}"
        yield one["name"], f"{said}; it rests on {rests_on(one)}"


def stands(standing: Json, headline: str) -> str:
    """Says how one of several candidates stands, and of what the headline says only that."""
    said = [standing[key] for key in ("reason", "sentence") if standing[key] is not None]
    is_told = any(headline == f"{standing['name']}: {one}" for one in said)
    if is_told and standing["verdict"] != "agree":
        return f"{standing['verdict']}, as above"
    return f"{standing['verdict']}: {'; '.join(said)}"


def rests_on(standing: Json) -> str:
    """Says what a verdict rests on."""
    places, recorded = standing["places"], standing["recorded"]
    at = f"{recorded:,} of {counted(places, 'place')}, forward and backward"
    if standing["basis"] == "certificate":
        if recorded:
            return f"its own values at {at}"
        why = f"none of {counted(places, 'place')} was recorded"
        if not places:
            why = "the reference names no places"
        return f"bounds from the arguments on, since {why}"
    seen = f"; seen at {at}" if places else ""
    if standing["basis"] == "weights":
        return f"its weights, which are not those of the reference{seen}"
    if standing["basis"] == "float64":
        is_same = standing["verdict"] == "agree"
        return f"float64, in which it computes {'the same' if is_same else 'other values'}{seen}"
    return f"nothing that proves it either way{seen}"


def weights_of(report: Json) -> Iterator[tuple[str, str]]:
    """Yields how weights are paired with those of the reference, of each candidate with its own."""
    several = len(report["candidates"]) > 1
    for standing in report["candidates"]:
        if standing["weights"] is not None:
            label = f"weights of {standing['name']}" if several else "weights"
            yield label, _paired(standing["weights"])


def _paired(weights: Json) -> str:
    """Says 'all 6 have their place in the reference, found by value'."""
    pairs, wrong = weights["pairs"], len(weights["wrong"])
    total = len(pairs) + len(weights["kept"])
    of = "all" if len(pairs) == total else f"{len(pairs):,} of"
    if wrong:
        return f"{of} {total:,} have their place in the reference, {wrong:,} of them wrong"
    moved = sum(1 for one in pairs if one["layout"])
    laid_out = f", {moved:,} of them laid out otherwise" if moved else ""
    return f"{of} {total:,} have their place in the reference, found by value{laid_out}"


def figures_of(report: Json) -> list[Figure]:
    """Returns the two numbers: how far apart, and how much of rounding that uses."""
    return [
        Figure("largest difference", (_largest(report),)),
        Figure("rounding used", (_used(report),)),
    ]


def _largest(report: Json) -> Part:
    """Says how far results are from exact beside their largest entry; what is 0 is left out."""
    known = [
        (standing, result)
        for standing in report["candidates"]
        for result in results_of(standing, report["reference"])
        if result.end is not None
    ]
    if not known:
        return Part("-", "", "")
    standing, result = max(known, key=lambda both: both[1].scaled)
    place = f"in {_place((standing, result.check), report)}"
    if not result.scaled:
        return Part("none", "", "")
    if math.isinf(result.scaled):
        return Part("not finite", "", place)
    own = result._replace(end=result.own).scaled
    beside = f", where the reference has {number(own)}"
    return Part(number(result.scaled), "of the largest entry", place + beside)


def _used(report: Json) -> Part:
    found = worst_of(report["candidates"])
    if found is None:
        return Part("-", "", "")
    ratio, place = found[1]["used"], _place(found, report, found[1]["index"])
    allowing = f"what {report['config']['dtype']} allows"
    if ratio is None:
        return Part("∞ times", allowing, place)
    return Part(share(ratio), f"{'' if ratio > 1 else 'of '}{allowing}", place)


def _place(found: tuple[Json, Json], report: Json, index: Sequence[int] = ()) -> str:
    """Says where a check is, and of several candidates in which."""
    standing, check = found
    several = len(report["candidates"]) > 1
    who = f", {shortened(standing['name'], LONGEST)}" if several else ""
    return f"{entry(called(check), index)}{who}"
