"""The answer to a comparison of training runs in words, as the screen and the page give it."""

import math
from collections.abc import Iterator

from compare.numbers import counted, listed, number, share
from compare.report.answer import MARKS, Figure, Part
from compare.report.document import Json
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
    """Yields on what the verdict rests, and what the runs themselves say; of each candidate."""
    several = len(report["candidates"]) > 1
    for one in report["candidates"]:
        name = shortened(one["name"], LONGEST)
        if several:
            yield name, f"{MARKS[one['verdict']]} {one['verdict']}: {one['sentence']}"
        if one["reason"] is not None:
            yield "why", one["reason"]
        yield "rests on", _RESTS[one["basis"]]
        if one["steps"]:
            yield "after the last step", free_runs(one)


def free_runs(standing: Json) -> str:
    """Says how far apart the runs are, and whether that says anything."""
    last, silent = standing["steps"][-1], standing["silent_from"]
    known = "" if last["rounding"] is None else f", where rounding makes {number(last['rounding'])}"
    said = (
        f"weights are {_size(last['apart'])} apart{known}, and have moved {_size(last['change'])}"
    )
    if silent is None:
        return said
    return (
        f"{said}; from step {silent:,} on rounding is as large as that, so that the difference of "
        "the runs says nothing, and only the check of each step does"
    )


def figures_of(report: Json) -> list[Figure]:
    """Returns the first step that fails, and how much of rounding is used."""
    worst = [step for one in report["candidates"] for step in one["steps"]]
    return [
        Figure("gradients use", (_used([one["gradients"] for one in worst], report),)),
        Figure("updates use", (_used([one["update"] for one in worst], report),)),
    ]


def _used(shares: list[float | None], report: Json) -> Part:
    most = None if None in shares else max((one for one in shares if one is not None), default=0.0)
    at = shares.index(most) % report["config"]["steps"] + 1 if shares else 0
    allowing = f"what {report['config']['dtype']} allows"
    return Part(share(most), allowing if (most or math.inf) > 1 else f"of {allowing}", f"step {at}")


def _size(value: float | None) -> str:
    return "infinitely far" if value is None else number(value)
