"""Statistics of the batch in the place of running ones, or the other way round."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from compare.evidence.reasons.case import Case
from compare.evidence.reasons.chains import arrays
from compare.evidence.reasons.evaluation import Change
from compare.evidence.reasons.graph import Node
from compare.evidence.reasons.reason import Reason
from compare.evidence.reasons.words import subject

_SAME = 1e-5
_BATCH = "has the statistics of the batch where the reference has the running ones"
_RUNNING = "has the running statistics where the reference has those of the batch"


def statistic_reasons(case: Case) -> Iterator[Reason]:
    """Yields reasons by which a batch norm is in the other mode."""
    for mean, variance in _running(case):
        for x in case.sources:
            for axis in _channels(x, mean):
                axes = tuple(i for i in range(len(x.shape)) if i != axis)
                value = case.evaluation.of(x)
                if mean in case.sources and variance in case.sources:
                    change: Change = {
                        mean: case.evaluation.made(lambda a, axes=axes: a.mean(axes), value),
                        variance: case.evaluation.made(lambda a, axes=axes: a.var(axes), value),
                    }
                    if case.holds(change) or case.holds(_read_here(case, change)):
                        yield Reason("statistics", f"{subject(case)} {_BATCH}", case.place)
                        return
                elif case.holds(_as_running(case, x, axes, mean, variance)):
                    yield Reason("statistics", f"{subject(case)} {_RUNNING}", case.place)
                    return


def _running(case: Case) -> Iterator[tuple[Node, Node]]:
    """Yields arguments that are called a mean and a variance."""
    for name, mean in case.graph.sources.items():
        stem = name.removesuffix("mean")
        variance = case.graph.sources.get(f"{stem}var")
        if stem != name and variance is not None and variance.shape == mean.shape:
            yield mean, variance


def _channels(x: Node, mean: Node) -> Iterator[int]:
    if x.is_place or not x.name.endswith(("mean", "var")):
        for axis, size in enumerate(x.shape):
            if mean.shape == (size,) and len(x.shape) > 1:
                yield axis


def _read_here(case: Case, change: Change) -> Change:
    return {
        (step, i): change[one]
        for step in case.target.steps
        for i, one in enumerate(step.operands)
        if one in change
    }


def _as_running(case: Case, x: Node, axes: tuple[int, ...], mean: Node, variance: Node) -> Change:
    """Puts running statistics where those of an array stand."""
    z = case.evaluation.array(x)
    change: dict[Any, Any] = {}
    for values, source in ((z.mean(axes), mean), (z.var(axes), variance)):
        for one in arrays(case):
            if one.step and np.prod(one.shape) == values.size and one.shape != (1,):
                array = case.evaluation.array(one)
                if np.abs(array.ravel() - values).max() <= _SAME * np.abs(values).max():
                    shape = one.shape
                    change[one] = case.evaluation.made(
                        lambda a, shape=shape: a.reshape(shape), case.evaluation.of(source)
                    )
    return change
