"""Mistakes in which gradient an optimizer is given, and which way it goes."""

import dataclasses
from collections.abc import Collection, Iterator

import numpy as np

from compare.steps.rules.assumption import Assumption, by_rule
from compare.steps.rules.rule import Rule
from compare.steps.rules.shares import Steps


def of_gradients() -> Iterator[Assumption]:
    """Yields what may be wrong with gradients."""
    yield Assumption(
        "the sign of the gradient is wrong: weights follow it the other way",
        by_rule(lambda rule: dataclasses.replace(rule, maximize=not rule.maximize)),
    )
    yield Assumption(
        "the sign of the step is wrong: it is added to the weights",
        by_rule(lambda rule: dataclasses.replace(rule, lr=-rule.lr) if _has_state(rule) else rule),
    )
    yield Assumption(
        "gradients of earlier steps are still in the gradient: it is the sum of all so far, as "
        "without zero_grad",
        _summed,
    )


def _has_state(rule: Rule) -> bool:
    """Whether it shows which way the gradient was taken."""
    return rule.kind != "sgd" or rule.momentum != 0


def _summed(steps: Steps, names: Collection[str]) -> Steps | None:
    if steps[0].number != 1 or len(steps) < 2:
        return None
    total = {name: np.zeros_like(steps[0].gradients[name]) for name in names}
    made = []
    for one in steps:
        total = {name: total[name] + one.gradients[name] for name in names}
        made.append(dataclasses.replace(one, gradients={**one.gradients, **total}))
    return made
