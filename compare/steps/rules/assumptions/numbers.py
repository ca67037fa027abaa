"""Numbers of a rule that are others than the reference's."""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

import numpy as np

from compare.steps.rules.assumption import Assumption, Change, by_rule
from compare.steps.rules.fit import Fit, Interval, typed, whole
from compare.steps.rules.rule import Rule
from compare.steps.rules.step import Arrays

_EPS = (1e-8, 1e-12, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)


class _Number(NamedTuple):
    """A field of a rule, or one of its betas.

    Attributes:
      name: as sentences say it.
      of: returns it.
      put: returns the rule with another one.
      kinds: of the rules that have it.
      starts: where a search for it starts.
    """

    name: str
    of: Callable[[Rule], float]
    put: Callable[[Rule, float], Rule]
    kinds: Collection[str]
    starts: tuple[float, ...]

    def change(self, value: float) -> Change:
        """Returns what puts another one into all rules that have it."""
        return by_rule(lambda rule: self.put(rule, value) if rule.kind in self.kinds else rule)


def _field(name: str, kinds: Collection[str], *starts: float) -> _Number:
    def put(rule: Rule, value: float) -> Rule:
        fields: dict[str, Any] = {name: value}
        return dataclasses.replace(rule, **fields)

    return _Number(name, lambda rule: float(getattr(rule, name)), put, kinds, starts)


def _beta(index: int, start: float) -> _Number:
    def put(rule: Rule, value: float) -> Rule:
        pair = (value, rule.betas[1]) if index == 0 else (rule.betas[0], value)
        return dataclasses.replace(rule, betas=pair)

    name = f"beta{index + 1}"
    return _Number(name, lambda rule: rule.betas[index], put, ("adam", "lion"), (start,))


_ALL = ("sgd", "adam", "rmsprop", "adagrad", "lion")
_NUMBERS = (
    _field("momentum", ("sgd", "rmsprop"), 0.5),
    _field("dampening", ("sgd",), 0.5),
    _field("weight_decay", _ALL, 1e-2),
    _beta(0, 0.9),
    _beta(1, 0.99),
    _field("alpha", ("rmsprop",), 0.9),
    _field("eps", ("adam", "rmsprop", "adagrad"), *_EPS),
    _Number(
        "eps_inside_root",
        lambda rule: rule.eps_inside_root,
        lambda rule, value: dataclasses.replace(rule, eps_inside_root=value, eps=0.0),
        ("adam", "rmsprop", "adagrad"),
        _EPS,
    ),
)
_CLIP = (1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0, 10.0)
_NEAR = 0.98  # of the norm of gradients: where the search for one that clips them starts too
_CLIPS = (_field("clip_norm", _ALL, *_CLIP), _field("clip_value", _ALL, *_CLIP))


def of_numbers(fit: Fit, names: Collection[str]) -> Iterator[Assumption]:
    """Yields other numbers under which steps may be explained.

    Args:
      fit: of the steps.
      names: of the weights that follow another rule.
    """
    rules = {rule for one in fit.steps for name, rule in one.rules.items() if name in names}
    for number in (*_NUMBERS, *_clips(rules)):
        known = {number.of(rule) for rule in rules if rule.kind in number.kinds}
        if len(known) == 1:
            yield from _another(number, known.pop(), fit, names)
    yield from _another_rate(fit, names)
    yield from _another_gradient(fit, names)


def of_new_clips(fit: Fit) -> Iterator[Assumption]:
    """Yields clipping of gradients where the reference clips none.

    Args:
      fit: of whole steps, since a norm is of all entries.
    """
    rules = [rule for one in fit.steps for rule in one.rules.values()]
    norms = [_NEAR * _norm(one.gradients) for one in fit.steps]
    if all(rule.clip_norm is None and rule.clip_value is None for rule in rules):
        for number, how in zip(_CLIPS, ("to a norm of {}", "to {}, entry by entry"), strict=True):
            starts = (*number.starts, *(norms if number.name == "clip_norm" else ()))
            value = typed(_fitted(fit, fit.steps[0].rules, number.change, starts))
            if value:
                told = how.format(f"{value:g}")
                sentence = f"gradients are clipped {told}, where the reference does not clip them"
                yield Assumption(sentence, number.change(value))


def _norm(gradients: Arrays) -> float:
    return math.hypot(*(float(np.linalg.norm(np.float64(g))) for g in gradients.values()))


def _clips(rules: Collection[Rule]) -> list[_Number]:
    return [one for one in _CLIPS if all(getattr(rule, one.name) is not None for rule in rules)]


def _another(
    number: _Number, known: float, fit: Fit, names: Collection[str]
) -> Iterator[Assumption]:
    value = typed(_fitted(fit, names, number.change, number.starts))
    if value is not None and value != known and value >= 0:
        sentence = f"{number.name} is {value:g}, where the reference has {known:g}"
        yield Assumption(sentence, number.change(value))


def _another_rate(fit: Fit, names: Collection[str]) -> Iterator[Assumption]:
    def change(factor: float) -> Change:
        return by_rule(lambda rule: dataclasses.replace(rule, lr=rule.lr * factor))

    factor = _factor(_fitted(fit, names, change, (1.5,)))
    if factor is not None:
        sentence = f"the learning rate is {_told(factor)} that of the reference"
        yield Assumption(sentence, change(factor))


def _another_gradient(fit: Fit, names: Collection[str]) -> Iterator[Assumption]:
    def change(factor: float) -> Change:
        return by_rule(lambda rule: dataclasses.replace(rule, gradient_factor=factor))

    factor = _factor(_fitted(fit, names, change, (1.5,)))
    if factor is None:
        return
    count, why = round(max(factor, 1 / factor)), ""
    if count in (round(factor, 9), round(1 / factor, 9)):
        one, other = ("sum", "mean") if factor > 1 else ("mean", "sum")
        why = f", as a {one} over {count} parts is in the place of their {other}"
    yield Assumption(f"the gradient is taken {_told(factor)}{why}", change(factor))


def _fitted(
    fit: Fit, names: Collection[str], change: Callable[[float], Change], starts: tuple[float, ...]
) -> Interval:
    """Returns the numbers that explain steps; an empty interval if there are none."""
    found = fit.number(lambda value: change(value)(fit.steps, names) or fit.steps, starts)
    return found or Interval(1.0, 0.0)


def _factor(interval: Interval) -> float | None:
    """Returns a number, or one over a whole number; none that may be 1."""
    if interval.low <= 1 <= interval.high or not 0 < interval.low <= interval.high:
        return None
    parts = whole(Interval(1 / interval.high, 1 / interval.low))
    return 1 / parts if parts else typed(interval)


def _told(factor: float) -> str:
    parts = round(1 / factor)
    if factor < 1 and abs(factor * parts - 1) < 1e-9:
        return f"1/{parts} times"
    return f"{factor:g} times"
