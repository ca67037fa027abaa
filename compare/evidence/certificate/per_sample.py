"""What the rules find, reduced to a few numbers a sample. Shape letters: N samples, C checks."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, ratios


class PerSample(NamedTuple):
    """What was found of each of N samples."""

    ratios: Any  # [C, N], the largest of any entry
    silent: Any  # [N] bool
    at_kink: Any  # [N] bool


def per_sample(case: Case, xp: Any = np) -> PerSample:
    """Checks a case, widened to float64, and reduces every check to its largest ratio."""
    found = check_gradients(case.wide(xp), xp)
    by_entry = [ratios(check, xp) for check in found.checks]
    largest = [xp.max(one, axis=tuple(range(one.ndim - 1))) for one in by_entry]
    return PerSample(xp.stack(largest), found.silent, found.at_kink)


def per_sample_compiled(case: Case) -> PerSample:
    """Does the same by jitted JAX; every number of samples is compiled by itself."""
    from compare.evidence.differences.compiled import evidence_settings

    with evidence_settings():
        return PerSample(*map(np.asarray, _compiled()(case)))


@functools.cache
def _compiled() -> Callable[[Case], PerSample]:
    import jax
    import jax.numpy as jnp

    jax.tree_util.register_dataclass(
        Case,
        data_fields=["params", "x", "y", "grads", "printed"],
        meta_fields=["network", "rounding"],
    )
    return jax.jit(functools.partial(per_sample, xp=jnp))
