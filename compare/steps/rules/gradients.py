"""What a rule makes of gradients before its formula reads them: clipping and weight decay."""

from collections.abc import Mapping, Sequence

from compare.steps.rules.entry import Array, numpy_of, widened
from compare.steps.rules.rule import Rule, Rules

Tree = Mapping[str, Array]


def prepared(rules: Rules, weights: Tree, gradients: Tree) -> dict[str, Array]:
    """Returns the gradients that formulas read, of the weights that are trained."""
    given = {name: _scaled(rule, gradients[name]) for name, rule in rules.items()}
    early = {
        name: _decayed(rules[name], weights[name], g) if rules[name].decay_before_clip else g
        for name, g in given.items()
    }
    return {
        name: g if rules[name].decay_before_clip else _decayed(rules[name], weights[name], g)
        for name, g in _clipped(rules, early).items()
    }


def _scaled(rule: Rule, gradient: Array) -> Array:
    if rule.gradient_factor != 1:
        gradient = gradient * rule.gradient_factor
    return -gradient if rule.maximize else gradient


def _decayed(rule: Rule, weight: Array, gradient: Array) -> Array:
    if rule.decoupled or not rule.weight_decay:
        return gradient
    return gradient + rule.weight_decay * weight.astype(gradient.dtype)


def _clipped(rules: Rules, gradients: Tree) -> dict[str, Array]:
    """Clips to a norm of all arrays together, or each by itself, and then entries to a value."""
    norms = {
        name: _norm(gradients[name]) for name, rule in rules.items() if rule.clip_norm is not None
    }
    together = _root_of_squares(list(norms.values())) if norms else None
    return {
        name: _clipped_one(rules[name], g, norms[name] if rules[name].clip_each else together)
        for name, g in gradients.items()
    }


def _root_of_squares(norms: Sequence[Array]) -> Array:
    xp = numpy_of(norms[0])
    return xp.sqrt(sum(xp.square(norm) for norm in norms))


def _norm(gradient: Array) -> Array:
    """Returns the norm of one array: products are added up in float32 at least, then rounded."""
    xp = numpy_of(gradient)
    wide = gradient.astype(widened(gradient.dtype))
    rounded = xp.sqrt(xp.sum(xp.square(wide))).astype(gradient.dtype)
    return rounded.astype(wide.dtype)


def _clipped_one(rule: Rule, gradient: Array, norm: Array | None) -> Array:
    xp = numpy_of(gradient)
    if rule.clip_norm is not None and norm is not None:
        held = norm.astype(gradient.dtype).astype(norm.dtype)
        factor = xp.minimum(rule.clip_norm / (held + rule.clip_eps), 1)
        gradient = gradient * factor.astype(gradient.dtype)
    if rule.clip_value is not None:
        gradient = xp.clip(gradient, -rule.clip_value, rule.clip_value)
    return gradient
