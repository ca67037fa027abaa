"""The direction in which each kind of optimizer moves weights, and its state on the way.

Each takes a rule and an entry and returns what is multiplied by the learning rate and subtracted.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from compare.steps.rules.entry import Array, Entry
from compare.steps.rules.rule import Rule


def sgd(rule: Rule, entry: Entry) -> Array:
    """The gradient, or its momentum b = mu b + (1 - dampening) g, or g + mu b."""
    if not rule.momentum:
        return entry.gradient
    if entry.is_first("momentum") and not rule.dampened_start:
        b = entry.keep("momentum", entry.gradient)
    else:
        new = entry.gradient
        if rule.dampening:
            new = entry.times(1 - entry.scalar(rule.dampening), new)
        b = entry.keep("momentum", entry.times(rule.momentum, entry.before("momentum")) + new)
    return entry.gradient + entry.times(rule.momentum, b) if rule.nesterov else b


def adam(rule: Rule, entry: Entry) -> Array:
    """The average of gradients over the root of that of their squares: m / (sqrt(v) + eps)."""
    first, second = rule.betas
    m = entry.average("first_moment", first, entry.gradient)
    v = entry.average("second_moment", second, entry.xp.square(entry.gradient))
    if rule.amsgrad:
        v = entry.keep("max_second_moment", entry.xp.maximum(entry.before("max_second_moment"), v))
    if not rule.bias_correction:
        return m / _root(rule, entry, v)
    shift = rule.count_shift
    m = m / entry.correction(first, shift).astype(m.dtype)
    correction = entry.correction(second, shift).astype(v.dtype)
    if rule.eps_before_correction:
        return m / (_root(rule, entry, v) / entry.xp.sqrt(correction))
    if rule.eps_inside_root:
        return m / _root(rule, entry, v / correction)
    # v / correction may underflow to less than 0, as far as bounds know
    root = entry.xp.sqrt(v) / entry.xp.sqrt(correction)
    return m / (root + entry.scalar(rule.eps).astype(v.dtype))


def rmsprop(rule: Rule, entry: Entry) -> Array:
    """The gradient over the root of the average of its squares, or the momentum of that."""
    v = entry.average("second_moment", rule.alpha, entry.xp.square(entry.gradient))
    if rule.centered:
        m = entry.average("first_moment", rule.alpha, entry.gradient)
        v = v - entry.xp.square(m)
    direction = entry.gradient / _root(rule, entry, v)
    if not rule.momentum:
        return direction
    b = entry.times(rule.momentum, entry.before("momentum")) + direction
    return entry.keep("momentum", b)


def adagrad(rule: Rule, entry: Entry) -> Array:
    """The gradient over the root of the sum of all its squares."""
    v = entry.keep("second_moment", entry.before("second_moment") + entry.xp.square(entry.gradient))
    direction = entry.gradient / _root(rule, entry, v)
    if not rule.lr_decay:
        return direction
    slower = 1 + entry.steps_before() * rule.lr_decay
    return direction / slower.astype(direction.dtype)


def lion(rule: Rule, entry: Entry) -> Array:
    """The sign of the gradient's average with another beta than that of the state."""
    first, second = rule.betas
    m, g = entry.before("first_moment"), entry.gradient
    entry.average("first_moment", second, g)
    return entry.xp.sign(entry.times(first, m) + entry.times(1 - entry.scalar(first), g))


def _root(rule: Rule, entry: Entry, v: Array) -> Array:
    """Returns sqrt(v + eps_inside_root) + eps."""
    if rule.eps_inside_root:
        v = v + entry.scalar(rule.eps_inside_root).astype(v.dtype)
    return entry.xp.sqrt(v) + entry.scalar(rule.eps).astype(v.dtype)


FORMULAS: Mapping[str, Callable[[Rule, Entry], Array]] = MappingProxyType(
    {"sgd": sgd, "adam": adam, "rmsprop": rmsprop, "adagrad": adagrad, "lion": lion}
)
