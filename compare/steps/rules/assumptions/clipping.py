"""Mistakes in clipping gradients."""

import dataclasses
from collections.abc import Iterator

from compare.steps.rules.assumption import Assumption, by_rule, where
from compare.steps.rules.rule import Rule

_TORCH_EPS = 1e-6  # of torch.nn.utils.clip_grad_norm_


def of_clipping() -> Iterator[Assumption]:
    """Yields what may be wrong with clipping."""
    yield Assumption(
        "gradients are not clipped, where the reference clips them",
        where(lambda rule: True, clip_norm=None, clip_value=None),
    )
    yield Assumption(
        "gradients are clipped by value, entry by entry, where the reference clips their norm",
        by_rule(_by_value),
    )
    yield Assumption(
        "gradients are clipped by their norm, where the reference clips entry by entry",
        by_rule(_by_norm),
    )
    yield Assumption(
        "each gradient is clipped by its own norm, where the reference takes that of all together",
        where(lambda rule: rule.clip_norm is not None and not rule.clip_each, clip_each=True),
    )
    yield Assumption(
        "gradients are clipped by the norm of all together, where the reference takes that of each",
        where(lambda rule: rule.clip_norm is not None and rule.clip_each, clip_each=False),
    )
    yield Assumption(
        f"gradients are divided by their norm + {_TORCH_EPS:g} to clip them, as torch does, where "
        "the reference divides by the norm",
        where(lambda rule: rule.clip_norm is not None and not rule.clip_eps, clip_eps=_TORCH_EPS),
    )
    yield Assumption(
        "gradients are divided by their norm to clip them, as optax does, where the reference "
        f"divides by the norm + {_TORCH_EPS:g}",
        where(lambda rule: rule.clip_norm is not None, clip_eps=0.0),
    )


def _by_value(rule: Rule) -> Rule:
    if rule.clip_norm is None:
        return rule
    return dataclasses.replace(rule, clip_value=rule.clip_norm, clip_norm=None)


def _by_norm(rule: Rule) -> Rule:
    if rule.clip_value is None:
        return rule
    return dataclasses.replace(rule, clip_norm=rule.clip_value, clip_value=None)
