"""The rule of an optimizer that does not show it, inferred from what its steps have made."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from compare.steps.rules.fit import least_squares
from compare.steps.rules.rule import Rule, Rules
from compare.steps.rules.sample import sample
from compare.steps.rules.shares import Steps, hold

_DIGITS = 4  # that a number has which somebody has typed
_KINDS = {
    ("first_moment", "second_moment"): ("adam",),
    ("first_moment",): ("lion",),
    ("second_moment",): ("rmsprop", "adagrad"),
    ("momentum",): ("sgd",),
    (): ("sgd",),
}
_STARTS = {
    "lr": 1e-2,
    "beta1": 0.9,
    "beta2": 0.99,
    "alpha": 0.9,
    "momentum": 0.5,
    "weight_decay": 1e-2,
}
_NUMBERS = {"adam": ("beta1", "beta2"), "lion": ("beta1", "beta2"), "rmsprop": ("alpha",)}


def inferred(steps: Steps, dtype: np.dtype) -> Rules | None:
    """Returns the rule that explains all steps of an optimizer; None if none of the known does.

    It is one rule for all weights, whose numbers are as short as those that people type.

    Args:
      steps: some of the optimizer, one after another, best its first; their rules are not read.
      dtype: in which they were computed.
    """
    for rule, numbers in _templates(steps):
        some = sample(_following(steps, rule), (), ()).steps
        for one in _solved(some, rule, numbers):
            if hold(_following(some, one), dtype) and hold(_following(steps, one), dtype):
                return dict.fromkeys(steps[0].weights, one)
    return None


def _solved(steps: Steps, rule: Rule, numbers: Sequence[str]) -> Iterator[Rule]:
    """Yields rules with the numbers that explain most, the shortest first."""
    values = least_squares(
        lambda values: _following(steps, _having(rule, numbers, values)),
        [_start(rule, name) for name in numbers],
    )
    for digits in range(1, _DIGITS + 1):
        yield _having(rule, numbers, [float(f"{value:.{digits}g}") for value in values])


def _templates(steps: Steps) -> Iterator[tuple[Rule, tuple[str, ...]]]:
    """Yields rules, and the names of the numbers in them that are to be found."""
    shown = steps[-1].new_state
    slots = tuple(sorted(slot for slot in shown if slot not in ("count", "accumulated")))
    for kind in _KINDS.get(slots, ()):
        for plain in _plain(kind, slots):
            numbers = ("lr", *_NUMBERS.get(kind, ()), *(("momentum",) if plain.momentum else ()))
            yield plain, numbers
            decays = (*numbers, "weight_decay")
            for decoupled in (True, False):
                yield dataclasses.replace(plain, weight_decay=1e-2, decoupled=decoupled), decays
            clipped = dataclasses.replace(plain, clip_norm=_smallest_norm(steps) / 2)
            yield clipped, (*numbers, "clip_norm")


def _plain(kind: str, slots: Sequence[str]) -> Iterator[Rule]:
    """Yields rules of a kind that neither clip nor decay."""
    rule = Rule(kind, 1e-2)
    if kind in ("adam", "rmsprop", "adagrad"):
        yield rule
        yield dataclasses.replace(rule, eps=0.0, eps_inside_root=rule.eps)
        if kind == "adagrad":
            yield dataclasses.replace(rule, eps=0.0, eps_inside_root=1e-7)
    elif "momentum" in slots:
        yield dataclasses.replace(rule, momentum=0.5)
        yield dataclasses.replace(rule, momentum=0.5, nesterov=True)
    else:
        yield rule


def _smallest_norm(steps: Steps) -> float:
    norms = [
        np.sqrt(sum(np.sum(np.square(np.float64(g))) for g in one.gradients.values()))
        for one in steps
    ]
    return float(min(norms))


def _start(rule: Rule, name: str) -> float:
    return rule.clip_norm or 1.0 if name == "clip_norm" else _STARTS[name]


def _having(rule: Rule, names: Sequence[str], values: Iterable[float]) -> Rule:
    """Returns a rule with other numbers."""
    fields: dict[str, Any] = dict(zip(names, map(float, values), strict=True))
    betas = fields.pop("beta1", rule.betas[0]), fields.pop("beta2", rule.betas[1])
    return dataclasses.replace(rule, betas=betas, **fields)


def _following(steps: Steps, rule: Rule) -> Steps:
    """Returns steps that are to follow one rule, in all weights."""
    return [dataclasses.replace(one, rules=dict.fromkeys(one.weights, rule)) for one in steps]
