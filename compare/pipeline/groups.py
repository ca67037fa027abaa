"""Implementations that gave the same answer to a block, computed in the same way."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.making import make_case, on_rung
from compare.evidence.certificate.nearness import (
    Nearness,
    is_far,
    is_near,
    is_scattered,
    may_be_scattered,
)
from compare.evidence.certificate.rungs import Rung, rungs
from compare.evidence.differences.bounds import TYPICAL_LIMIT
from compare.evidence.rounding.arithmetic import plain_arithmetic
from compare.implementations.base import Computation
from compare.pipeline.allowances import allowances_of
from compare.pipeline.kinds.base import Run
from compare.problem.answers import Answer, names_by_answer, take
from compare.problem.axes import samples_last
from compare.problem.blocks import Block
from jaxmlp.base import Batch

_MOST_TRIED = 256  # samples of which it is asked how they are rounded


class Group(NamedTuple):
    """Implementations that are certified together."""

    names: tuple[str, ...]
    answer: Answer
    case: Case
    rungs: tuple[Rung, ...]
    is_known: bool  # how it was computed

    @property
    def highest(self) -> Case:
        """The case on the last rung, which allows for most."""
        return on_rung(self.case, self.rungs[-1])

    @property
    def plain(self) -> Case:
        """The case on the last rung without textbook formulas, on which failures are told."""
        return on_rung(self.case, [rung for rung in self.rungs if not rung.is_textbook][-1])


def groups_of(run: Run, block: Block, answers: Mapping[str, Answer]) -> list[Group]:
    """Groups the implementations of a run; those of which it is known how they compute come first.

    Args:
      run: names them.
      block: of the samples.
      answers: those that are equal to the last bit are one object.
    """
    problem, groups = run.problem, []
    for names in names_by_answer({name: answers[name] for name in run.names}):
        answer = answers[names[0]]
        alike: dict[tuple[bool, Computation], tuple[str, ...]] = {}
        for name in names:
            how = run.computation(name)
            key = how.is_known, Computation(arithmetic=how.arithmetic_in(answer.dtype))
            alike[key] = (*alike.get(key, ()), name)
        for (is_known, how), group in alike.items():
            computed = how.arithmetic_in(answer.dtype)
            case = make_case(
                problem.network,
                problem.params,
                *block.batch,
                answer.grads,
                arithmetic=computed,
                printed=answer.printed,
            )
            asked = plain_arithmetic(problem.dtype)
            ladder = rungs(problem.network, computed, asked, is_known=is_known)
            groups.append(Group(group, answer, case, ladder, is_known))
    return sorted(groups, key=lambda group: not group.is_known)


def near_samples(
    run: Run,
    block: Block,
    group: Group,
    right: Sequence[Layers],
    rows: np.ndarray,
    ratios: np.ndarray,
) -> Nearness:
    """Returns which of some samples have only entries near to their float64 values, [n] bool each.

    Args:
      run: that the block is of.
      block: of the samples.
      group: whose gradients break a rule.
      right: gradients of certified implementations for the block, sample axis last.
      rows: of the samples in the block, [n].
      ratios: the largest in each of them, [n].
    """
    failing = group.highest.take(rows).wide()
    near = ~is_far(failing)
    if near.any():
        near[near] = _are_near(run, block, group, right, rows[near])
    if not near.any():
        return Nearness(near, near)
    finite = np.flatnonzero(group.case.finite())
    some = group.highest.take(finite[:: max(len(finite) // _MOST_TRIED, 1)]).wide()
    if is_scattered(failing, some):
        return Nearness(near, np.zeros_like(near))
    return Nearness(np.zeros_like(near), near & may_be_scattered(failing, ratios))


def _are_near(
    run: Run, block: Block, group: Group, right: Sequence[Layers], rows: np.ndarray
) -> np.ndarray:
    """Returns which samples are near by the typical scale of rounding, [n] bool."""
    name = group.names[0]
    batch = Batch(block.batch.x[rows], block.batch.y[rows])
    allowed = allowances_of(
        {name: take(group.answer, rows)},
        run.problem,
        batch,
        layout="in_out",
        computations={name: run.computation(name)},
    )[name].typical
    leaves = {key: TYPICAL_LIMIT * samples_last(array) for key, array in allowed.items()}
    layers = range(1, len(run.problem.params) + 1)
    typical = tuple((leaves[f"w{i}"], leaves[f"b{i}"]) for i in layers)
    some = [tuple((w[..., rows], b[..., rows]) for w, b in layers) for layers in right]
    u = plain_arithmetic(run.problem.dtype).u
    return is_near(group.highest.take(rows).wide(), some, typical, u)
