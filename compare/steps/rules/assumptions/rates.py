"""Mistakes in the learning rate, and in which weights are trained at all."""

import dataclasses
import itertools
from collections.abc import Collection, Iterator

from compare.steps.rules.assumption import Assumption, by_rule
from compare.steps.rules.rule import Rules
from compare.steps.rules.shares import Steps
from compare.steps.rules.step import Step


def of_rates(steps: Steps) -> Iterator[Assumption]:
    """Yields which rate else a step may have taken."""
    yield Assumption(
        "the schedule is one step ahead: each step takes the learning rate of the next one", _ahead
    )
    yield Assumption(
        "the schedule is one step behind: each step takes the learning rate of the one before",
        _behind,
    )
    yield Assumption(
        f"the learning rate stays what it was at step {steps[0].number:,}, as without a schedule",
        _constant,
    )
    yield Assumption(
        "the weights are not updated: does the optimizer have them?",
        by_rule(lambda rule: dataclasses.replace(rule, lr=0.0, weight_decay=0.0)),
    )


def _ahead(steps: Steps, names: Collection[str]) -> Steps | None:
    pairs = itertools.pairwise(steps)
    return _unless_same(steps, [_at_rate(one, after.rules, names) for one, after in pairs])


def _behind(steps: Steps, names: Collection[str]) -> Steps | None:
    pairs = itertools.pairwise(steps)
    return _unless_same(steps, [_at_rate(one, before.rules, names) for before, one in pairs])


def _constant(steps: Steps, names: Collection[str]) -> Steps | None:
    first = steps[0].rules
    return _unless_same(steps, [_at_rate(one, first, names) for one in steps])


def _at_rate(step: Step, rules: Rules, names: Collection[str]) -> Step:
    made = {
        name: dataclasses.replace(rule, lr=rules[name].lr) if name in names else rule
        for name, rule in step.rules.items()
    }
    return dataclasses.replace(step, rules=made)


def _unless_same(steps: Steps, made: Steps) -> Steps | None:
    known = {one.number: one.rules for one in steps}
    return None if all(one.rules == known[one.number] for one in made) else made
