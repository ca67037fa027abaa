"""What a rule makes of gradients before its formula reads them: clipping and weight decay."""

from collections.abc import Mapping

import jax.numpy as jnp

from compare.steps.rules.entry import Array, widened
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
    together = jnp.sqrt(sum(jnp.square(norm) for norm in norms.values())) if norms else None
    return {
        name: _clipped_one(rules[name], g, norms[name] if rules[name].clip_each else together)
        for name, g in gradients.items()
    }


def _norm(gradient: Array) -> Array:
    """Returns the norm of one array: products are added up in float32 at least, then rounded."""
    wide = gradient.astype(widened(gradient.dtype))
    rounded = jnp.sqrt(jnp.sum(jnp.square(wide))).astype(gradient.dtype)
    return rounded.astype(wide.dtype)


def _clipped_one(rule: Rule, gradient: Array, norm: Array | None) -> Array:
    if rule.clip_norm is not None and norm is not None:
        held = norm.astype(gradient.dtype).astype(norm.dtype)
        factor = jnp.minimum(rule.clip_norm / (held + rule.clip_eps), 1)
        gradient = gradient * factor.astype(gradient.dtype)
    if rule.clip_value is not None:
        gradient = jnp.clip(gradient, -rule.clip_value, rule.clip_value)
    return gradient
