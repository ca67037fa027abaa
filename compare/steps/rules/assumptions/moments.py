"""Mistakes in what adam makes of the averages of gradients."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from compare.steps.rules.assumption import Assumption, by_rule, where
from compare.steps.rules.rule import Rule

_ROOT, _INSIDE = "sqrt(v) + eps", "sqrt(v + eps)"


def of_eps() -> Iterator[Assumption]:
    """Yields where eps is added."""
    yield Assumption(
        f"eps is added inside the root: {_INSIDE}, where the reference has {_ROOT}",
        by_rule(lambda rule: _moved(rule, "eps", "eps_inside_root")),
    )
    yield Assumption(
        f"eps is added outside of the root: {_ROOT}, where the reference has {_INSIDE}",
        by_rule(lambda rule: _moved(rule, "eps_inside_root", "eps")),
    )
    yield Assumption(
        "eps is added before the bias of the root is corrected, where the reference adds it after "
        "that",
        where(_corrects, eps_before_correction=True),
    )
    yield Assumption("no eps is added to the root", where(_divides, eps=0.0, eps_inside_root=0.0))


def of_corrections() -> Iterator[Assumption]:
    """Yields what may be wrong with the corrections of bias."""
    yield Assumption(
        "the bias of the averages is not corrected: they lack the division by 1 - beta^t",
        where(_corrects, bias_correction=False),
    )
    yield Assumption(
        "the bias of the averages is corrected by 1 - beta^t, where the reference does not",
        where(lambda rule: _is_adam(rule) and not rule.bias_correction, bias_correction=True),
    )
    yield Assumption(
        "the bias of the averages is corrected by 1 - beta^(t - 1), with a t that is one too small",
        where(_corrects, count_shift=-1),
    )
    yield Assumption(
        "the bias of the averages is corrected by 1 - beta^(t + 1), with a t that is one too large",
        where(_corrects, count_shift=1),
    )


def of_averages() -> Iterator[Assumption]:
    """Yields what else averages may be."""
    yield Assumption(
        "the two betas are swapped",
        by_rule(
            lambda rule: (
                dataclasses.replace(rule, betas=rule.betas[::-1])
                if rule.kind in ("adam", "lion")
                else rule
            )
        ),
    )
    yield Assumption(
        "the root is that of the largest second moment (amsgrad), where the reference has the last",
        where(lambda rule: _is_adam(rule) and not rule.amsgrad, amsgrad=True),
    )
    yield Assumption(
        "the root is that of the second moment, where the reference has the largest one (amsgrad)",
        where(lambda rule: rule.amsgrad, amsgrad=False),
    )
    yield Assumption(
        "the square of the average gradient is subtracted (centered), unlike in the reference",
        where(lambda rule: rule.kind == "rmsprop" and not rule.centered, centered=True),
    )
    yield Assumption(
        "the square of the average gradient is not subtracted, unlike in the reference (centered)",
        where(lambda rule: rule.centered, centered=False),
    )


def _is_adam(rule: Rule) -> bool:
    return rule.kind == "adam"


def _corrects(rule: Rule) -> bool:
    return _is_adam(rule) and rule.bias_correction


def _divides(rule: Rule) -> bool:
    return rule.kind in ("adam", "rmsprop", "adagrad")


def _moved(rule: Rule, source: str, target: str) -> Rule:
    eps = getattr(rule, source)
    fields: dict[str, Any] = {source: 0.0, target: eps}
    return dataclasses.replace(rule, **fields) if _divides(rule) and eps else rule
