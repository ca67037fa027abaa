"""Mistakes in momentum."""

import dataclasses
from collections.abc import Iterator

from compare.steps.rules.assumption import Assumption, by_rule, where
from compare.steps.rules.rule import Rule


def of_momentum() -> Iterator[Assumption]:
    """Yields what may be wrong with a momentum."""
    yield Assumption("there is no momentum, where the reference has one", where(_has, momentum=0.0))
    yield Assumption(
        "the momentum is Nesterov's, g + mu b, where the reference steps by b itself",
        where(lambda rule: _is_sgd(rule) and not rule.nesterov, nesterov=True),
    )
    yield Assumption(
        "the momentum is not Nesterov's: the step is b, where the reference has g + mu b",
        where(lambda rule: rule.nesterov, nesterov=False),
    )
    yield Assumption(
        "the momentum is an average of gradients, mu b + (1 - mu) g, where the reference has "
        "mu b + g",
        by_rule(_averaged),
    )
    yield Assumption(
        "the first gradient is dampened too, as it is not in the reference",
        where(lambda rule: _is_sgd(rule) and rule.dampening, dampened_start=True),
    )
    yield Assumption(
        "the gradient is not dampened: mu b + g, where the reference has mu b + (1 - dampening) g",
        where(lambda rule: _is_sgd(rule) and rule.dampening, dampening=0.0, dampened_start=False),
    )


def _has(rule: Rule) -> bool:
    return rule.kind in ("sgd", "rmsprop") and rule.momentum != 0


def _is_sgd(rule: Rule) -> bool:
    return rule.kind == "sgd" and rule.momentum != 0


def _averaged(rule: Rule) -> Rule:
    if not _is_sgd(rule) or rule.dampening:
        return rule
    return dataclasses.replace(rule, dampening=rule.momentum, dampened_start=True)
