"""The checks, reduced to a few numbers per sample. Shape letters: N samples, C checks."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, ratios


class SampleRatios(NamedTuple):
    """How much of its allowance each check uses, sample by sample."""

    ratios: Any  # [C, N], the largest of any entry
    silent: Any  # [N] bool
    at_kink: Any  # [N] bool
    kink_units: Any  # [N], as in `Checks`
    kink_slopes: Any  # [N], as in `Checks`


def sample_ratios(case: Case, xp: Any = np) -> SampleRatios:
    """Checks a case, widened to float64, and reduces every check to its largest ratio."""
    found = check_gradients(case.wide(xp), xp)
    by_entry = [ratios(check, xp) for check in found.checks]
    largest = [xp.max(one, axis=tuple(range(one.ndim - 1))) for one in by_entry]
    return SampleRatios(xp.stack(largest), *found[1:])


def sample_ratios_compiled(case: Case) -> SampleRatios:
    """Does the same by jitted JAX, which is compiled once for every number of samples."""
    from compare.evidence.differences.jax_settings import evidence_settings

    with evidence_settings():
        return SampleRatios(*map(np.asarray, _compiled()(case)))


@functools.cache
def _compiled() -> Callable[[Case], SampleRatios]:
    import jax
    import jax.numpy as jnp

    jax.tree_util.register_dataclass(
        Case,
        data_fields=["params", "x", "y", "grads", "printed"],
        meta_fields=[
            "network",
            "rounding",
            "is_textbook",
            "is_mixed",
            "functions",
            "is_print",
            "returned",
        ],
    )
    return jax.jit(functools.partial(sample_ratios, xp=jnp))
