"""Mistakes in how weights decay."""

import dataclasses
from collections.abc import Iterator

from compare.steps.rules.assumption import Assumption, by_rule, where
from compare.steps.rules.rule import Rule
from compare.steps.rules.shares import Steps


def of_decay(steps: Steps) -> Iterator[Assumption]:
    """Yields what may be wrong with a weight decay."""
    yield Assumption(
        "weights do not decay, or too little to be seen, where those of the reference do",
        where(_decays, weight_decay=0.0),
    )
    yield Assumption(
        "the weight decay is coupled, a part of the gradient, where that of the reference is "
        "decoupled",
        where(lambda rule: _decays(rule) and rule.decoupled, decoupled=False),
    )
    yield Assumption(
        "the weight decay is decoupled from the gradient, where that of the reference is a part of "
        "it",
        where(lambda rule: _decays(rule) and not rule.decoupled, decoupled=True),
    )
    yield Assumption(
        "the decoupled weight decay is not multiplied by the learning rate",
        where(lambda rule: _decays(rule) and rule.decoupled, decay_by_lr=False),
    )
    yield Assumption(
        "the gradient is clipped after the weight decay was added to it, where the reference clips "
        "it before",
        where(
            lambda rule: _decays(rule) and not rule.decoupled and _clips(rule),
            decay_before_clip=True,
        ),
    )
    yield from _of_others(steps)


def _of_others(steps: Steps) -> Iterator[Assumption]:
    """Yields decays that only some weights of the reference have."""
    kinds = {
        (rule.weight_decay, rule.decoupled)
        for one in steps
        for rule in one.rules.values()
        if _decays(rule)
    }
    if len(kinds) == 1:
        ((decay, decoupled),) = kinds
        yield Assumption(
            f"weights decay by {decay:g} as others do, which do not decay in the reference",
            by_rule(
                lambda rule: (
                    rule
                    if _decays(rule)
                    else dataclasses.replace(rule, weight_decay=decay, decoupled=decoupled)
                )
            ),
        )


def _decays(rule: Rule) -> bool:
    return rule.weight_decay != 0


def _clips(rule: Rule) -> bool:
    return rule.clip_norm is not None or rule.clip_value is not None
