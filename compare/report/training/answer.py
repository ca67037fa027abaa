"""The answer to a comparison of training runs in words, as the screen and the page give it."""

import math
from collections.abc import Iterator

from compare.numbers import counted, listed, number, share
from compare.report.answer import MARKS, Figure, Part
from compare.report.document import Json
from compare.report.functions.answer import stands
from compare.report.labels import shortened

LONGEST = 48  # characters of a name in a sentence

_RESTS = {
    "weights": "the weights that it starts with",
    "certificate": "bounds of what rounding can do in each step, from what it had before that",
    "float64": "such bounds, and float64 at some steps",
    "nothing": "nothing that proves it either way",
}


def title_of(report: Json) -> str:
    """Says what was compared: 'candidate (jax) beside reference (torch), 50 steps, float32'."""
    runs = [
        f"{shortened(one['name'], LONGEST)} ({one['framework']})" for one in report["candidates"]
    ]
    config = report["config"]
    how = ", each from what the reference had" if config["restart"] else ""
    return (
        f"{listed(runs)} beside reference ({report['reference']['framework']}), "
        f"{counted(config['steps'], 'step')} in {config['dtype']} on "
        f"{report['reference']['device']}{how}"
    )


def standings_of(report: Json) -> Iterator[tuple[str, str]]:
    """Yields on what the verdict rests and what the runs say; of several how each stands."""
    if len(report["candidates"]) > 1:
        for one in report["candidates"]:
            said = f"{MARKS[one['verdict']]} {stands(one, report['headline'])}"
            yield shortened(one["name"], LONGEST), said
        return
    (one,) = report["candidates"]
    yield "rests on", _RESTS[one["basis"]]
    if one["steps"]:
        yield "the runs", _free_runs(one, restart=report["config"]["restart"])


def _free_runs(standing: Json, *, restart: bool) -> str:
    """Says how far apart the runs are, and whether that says anything."""
    steps, silent = standing["steps"], standing["silent_from"]
    last, sizes = steps[-1], [one["apart"] for one in steps]
    if None in sizes:
        return f"weights are not finite, from step {sizes.index(None) + 1:,} on"
    if restart:
        return f"weights are at most {number(max(sizes))} apart after a step from the same"
    known = "" if last["rounding"] is None else f", where rounding makes {number(last['rounding'])}"
    said = f"weights are {number(last['apart'])} apart{known}, and have moved "
    said += number(last["change"])
    if silent is None:
        return said
    return (
        f"{said}; from step {silent:,} on rounding is as large as that, so that the difference of "
        "the runs says nothing, and only the check of each step does"
    )


def figures_of(report: Json) -> list[Figure]:
    """Returns how much of rounding is used, by gradients and by updates."""
    steps = [step for one in report["candidates"] for step in one["steps"]]
    return [
        Figure("gradients use", (_used(steps, "gradients", report),)),
        Figure("updates use", (_used(steps, "update", report),)),
    ]


def _used(steps: list[Json], key: str, report: Json) -> Part:
    """Returns the largest share of what rounding allows, with its step."""
    if not steps:
        return Part("-", "", "")
    worst = max(steps, key=lambda one: math.inf if one[key] is None else one[key])
    allowing, used = f"what {report['config']['dtype']} allows", worst[key]
    is_beyond = used is None or used > 1
    return Part(
        share(used), allowing if is_beyond else f"of {allowing}", f"step {worst['number']:,}"
    )
