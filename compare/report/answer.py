"""The answer to a run in words, as the screen and the page give it, from its report.json alone."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from compare.numbers import counted, entry, listed, number, share
from compare.report.document import Furthest, Json, furthest
from compare.report.labels import (
    network_of,
    origin_of_samples,
    origin_of_weights,
    samples_of,
)

MARKS = {"agree": "✓", "disagree": "✗", "undecided": "?"}
_MILLION = 10**6


class Part(NamedTuple):
    """One number: its value, what it is of, and its place; the last two may be empty."""

    value: str
    of: str
    place: str


class Figure(NamedTuple):
    """One of the three numbers; the largest difference has two parts."""

    label: str
    parts: tuple[Part, ...]


def remarks_of(report: Json) -> list[str]:
    """Returns what is to be known beside the verdict, warnings last, a sentence each."""
    return [
        *(f"{one}." for one in report["remarks"]),
        *(f"warning: {one}." for one in report["warnings"]),
    ]


def compared_of(report: Json) -> str:
    """Says what was compared: '2-10-10-1 sigmoid, 100 samples, float32 on cpu'."""
    config, dtypes = report["config"], {one["dtype"]: None for one in report["implementations"]}
    devices = [one["device"] for one in report["implementations"] if one["source"] is None]
    where = {"cpu" if one.startswith("cpu") else one: None for one in devices}
    on = f" on {listed(list(where))}" if where else ""
    samples = f"{samples_of(config)} sample{'' if config['samples'] == 1 else 's'}"
    weights = ""
    if config.get("params") is not None or config.get("module") is not None:
        weights = f", weights {origin_of_weights(config)}"
    if config.get("data") is not None:
        samples += f" {origin_of_samples(config)}"
    return f"{network_of(config)}{weights}, {samples}, {listed(list(dtypes))}{on}"


def judged_of(report: Json) -> Iterator[tuple[str, str]]:
    """Yields who is right up to rounding, by proof, who is wrong, and of whom nothing is known."""
    by_outcome: dict[str, list[Json]] = {"right": [], "wrong": [], "unknown": []}
    not_finite = [one for one in report["implementations"] if one["certificate"]["not_finite"]]
    batches = {one["name"]: one for one in _failed_batches(report)}
    for one in report["implementations"]:
        found = one["certificate"]
        proved = "right" if found["certified"] > found["near"] else "unknown"
        if found["failed"] or one["name"] not in batches:
            by_outcome["wrong" if found["failed"] else proved].append(one)
    said = (
        ("right to rounding", map(_right, by_outcome["right"])),
        ("wrong", map(_wrong, by_outcome["wrong"])),
        ("wrong in batches", map(_wrong_in_batches, batches.values())),
        ("not finite", map(_not_finite, not_finite)),
        ("not proved", (one["name"] for one in by_outcome["unknown"] if _is_open(one))),
    )
    yield from ((label, ", ".join(found)) for label, names in said if (found := list(names)))


def _failed_batches(report: Json) -> list[Json]:
    """Returns what is said of each implementation that some batch refutes."""
    checks = () if report["batches"] is None else report["batches"]["implementations"]
    return [one for one in checks if one["failed"]]


def figures_of(report: Json) -> list[Figure]:
    """Returns the three numbers."""
    return [
        Figure("largest difference", tuple(_largest(report))),
        Figure("digits that agree", (_digits(report),)),
        Figure("rounding used", (_used(report),)),
    ]


def _right(one: Json) -> str:
    found = one["certificate"]
    proved, total = found["certified"] - found["near"], found["certified"] + found["silent"]
    if proved == total:
        return str(one["name"])
    return f"{one['name']} (in {proved:,} of {total:,} samples)"


def _wrong(one: Json) -> str:
    return _in_samples(one, "failed")


def _not_finite(one: Json) -> str:
    return _in_samples(one, "not_finite")


def _in_samples(one: Json, kind: str) -> str:
    found = one["certificate"]
    total = found["certified"] + found["failed"] + found["silent"]
    return f"{one['name']} (in {found[kind]:,} of {counted(total, 'sample')})"


def _is_open(one: Json) -> bool:
    """Whether some sample is silent although its gradient is finite, or is certified as near."""
    found = one["certificate"]
    return bool(found["silent"] > found["not_finite"] or found["near"])


def _wrong_in_batches(one: Json) -> str:
    return f"{one['name']} (in {one['failed']:,} of {counted(one['batches'], 'batch', 'batches')})"


def _largest(report: Json) -> Iterator[Part]:
    """Yields how far apart the two are that are furthest apart, in ulp and relatively."""
    ulp, rel = (furthest(report["pairs"], metric) for metric in ("max_ulp", "max_rel"))
    if ulp is None or rel is None:
        yield Part("-", "", "")
    elif not math.isfinite(ulp.value):
        yield Part("not finite", "", f"at {_place(ulp)}, {' ~ '.join(ulp.pair)}")
    elif not ulp.value:
        yield Part("none", "", "")
    else:
        pairs = [f", {' ~ '.join(found.pair)}" for found in (ulp, rel)]
        first = "" if pairs[0] == pairs[1] else pairs[0]
        yield Part(*_steps(ulp.value, report), f"at {_place(ulp)}{first}")
        yield Part(number(rel.value), "relative", f"at {_place(rel)}{pairs[1]}")


def _steps(ulp: float, report: Json) -> tuple[str, str]:
    """Says how many numbers of the dtype there are from the one to the other."""
    steps = f"{report['config']['dtype']} step{'' if ulp == 1 else 's'} (ulp)"
    return (f"{ulp:,.0f}" if ulp < _MILLION else "over a million"), steps


def _place(found: Furthest) -> str:
    return f"{entry(found.quantity, found.place)} of sample {found.sample:,}"


def _digits(report: Json) -> Part:
    """Says to how many digits all entries agree: |a - b| is at most half of 10^-digits |larger|."""
    rel = furthest(report["pairs"], "max_rel")
    if rel is None:
        return Part("-", "", "")
    if not rel.value:
        return Part("all of them", "", "")
    digits = math.floor(-math.log10(2 * rel.value)) if 0 < rel.value < math.inf else 0
    if digits > 0:
        return Part(f"at least {digits}", "", "in every entry")
    return Part("none", "in some entries", "")


def _used(report: Json) -> Part:
    used = report["usage"]
    if used is None:
        return Part("-", "", "")
    place = (
        f"by the rule {used['what']}, sample"
        if used["is_check"]
        else f"at {used['what']} of sample"
    )
    where = f"{place} {used['sample']:,}, {used['who']}"
    ratio = used["ratio"]
    if ratio is None:
        return Part("∞ times", f"what {used['allowing']}", where)
    if ratio > 1:
        return Part(share(ratio), f"what {used['allowing']}", where)
    return Part(share(ratio), f"of what {used['allowing']}{_of_which(report)}", where)


def _of_which(report: Json) -> str:
    """Says of which samples it is the largest share, where that could be misread."""
    single = "single " if _failed_batches(report) else ""
    if report["usage"]["is_partial"]:
        pair = next(one for one in report["pairs"] if one["parameters"][0]["bounded_entries"])
        first = pair["parameters"][0]
        entries = math.prod(first["shape"])
        bounded, all_ = (first[key] // entries for key in ("bounded_entries", "entries"))
        return f" in {bounded:,} of {all_:,} {single}samples"
    return single and f" in {single}samples"
