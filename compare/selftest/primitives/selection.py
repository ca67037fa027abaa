"""Comparisons and choices."""

import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from compare.selftest.primitives.base import Primitive, chosen, everywhere

SELECTION: dict[str, Primitive] = {
    "max": everywhere(lambda xp, a, b: xp.maximum(a, b)),
    "min": everywhere(lambda xp, a, b: xp.minimum(a, b)),
    "clamp": Primitive(
        lambda a, b: lax.clamp(jnp.asarray(-0.5, a.dtype), a, b[0]),
        lambda a, b: np.minimum(np.maximum(a, -0.5), b[0]),
        by_torch=lambda a, b: torch.clamp(torch.clamp(a, min=-0.5), max=b[0]),
    ),
    "neg": everywhere(lambda xp, a, b: -a),
    "abs": everywhere(lambda xp, a, b: xp.abs(a)),
    "sign": everywhere(lambda xp, a, b: xp.sign(a)),
    "gt": chosen(lambda xp, a, b: a > b),
    "ge": chosen(lambda xp, a, b: a >= b),
    "lt": chosen(lambda xp, a, b: a < b),
    "le": chosen(lambda xp, a, b: a <= b),
    "eq": chosen(lambda xp, a, b: a == b),
    "ne": chosen(lambda xp, a, b: a != b),
    "eq, of a maximum": chosen(lambda xp, a, b: a == xp.maximum(a, b)),
    "and": chosen(lambda xp, a, b: (a > b) & (b > 0)),
    "or": chosen(lambda xp, a, b: (a > b) | (b > 0)),
    "not": chosen(lambda xp, a, b: ~(a > b)),
    "is_finite": chosen(lambda xp, a, b: xp.isfinite(a)),
    "select_n": everywhere(lambda xp, a, b: xp.where(a > b, a, b)),
    "reduce_max": everywhere(
        lambda xp, a, b: (torch.amax if xp is torch else xp.max)(a, 1), shape=(-1, 8), numbers=8
    ),
}
