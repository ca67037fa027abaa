"""The checks, reduced to a few numbers per sample. Shape letters: N samples, C checks."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.checks import check_gradients, largest_ratios
from compare.evidence.certificate.subnormal_entries import subnormal_samples

_AT_ONCE = 1024  # samples, of which all that is computed of a narrow network fits into a cache
MOST_DOUBT = 2.0**-4  # of a ratio, beyond which what is computed otherwise is not known at all


class SampleRatios(NamedTuple):
    """How much of its allowance each check uses, sample by sample."""

    ratios: Any  # [C, N], the largest of any entry
    silent: Any  # [N] bool
    at_kink: Any  # [N] bool
    kink_units: Any  # [N], as in `Checks`
    kink_slopes: Any  # [N], as in `Checks`


def sample_ratios(case: Case, xp: Any = np) -> SampleRatios:
    """Checks a case, widened to float64, and reduces every check to its largest ratio.

    In NumPy a sample has the same bits whichever others stand beside it (see `products`).
    """
    n = case.x.shape[-1]
    if xp is np and n == 1:
        return SampleRatios(*(one[..., :1] for one in sample_ratios(case.take([0, 0]))))
    found = check_gradients(case.wide(xp), xp)
    largest = xp.stack([largest_ratios(one, xp) for one in found.checks])
    return SampleRatios(xp.where(largest < least_ratio(case), 0.0, largest), *found[1:])


def sample_ratios_compiled(case: Case) -> tuple[SampleRatios, np.ndarray]:
    """Does nearly the same by jitted JAX, which is compiled once for every number of samples.

    Exponentials and sums are rounded otherwise there: see `summation_doubt`.

    Returns:
      What was found, and the samples of which it is not true, [N] bool: their gradients have
      subnormal numbers.
    """
    from compare.evidence.differences.jax_settings import evidence_settings

    bare = dataclasses.replace(case, params=(), x=None, y=None, grads=(), printed=None)
    wide = [(w.astype(np.float64), b.astype(np.float64)) for w, b in case.params]
    x, y = (array.astype(np.float64) for array in (case.x, case.y))
    with evidence_settings():
        found, subnormal = _compiled(bare)(wide, x, y, case.grads, case.printed)
        return SampleRatios(*map(np.asarray, found)), np.asarray(subnormal)


def summation_doubt(case: Case) -> float:
    """Bounds by how much a ratio up to 1 may differ where sums are taken in another order.

    Every rule allows for u of what it sums up at least, and float64 rounds that to 2^-53 a few
    times. In float64 that is more than any ratio: it says nothing there.
    """
    return 64 * 2.0**-53 / case.rounding.u


def least_ratio(case: Case) -> float:
    """Returns the ratio below which it is 0: no more is known than how a rule itself is rounded."""
    doubt = summation_doubt(case)
    return 4 * doubt if doubt <= MOST_DOUBT else 0.0


@functools.cache
def _compiled(bare: Case) -> Callable[..., tuple[SampleRatios, Any]]:
    """Returns a jitted function of the arrays that are missing in a case."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    names = "params", "x", "y", "grads", "printed"

    def of_some(params: Any, some: Any) -> tuple[SampleRatios, Any]:
        case = dataclasses.replace(bare, **dict(zip(names, (params, *some), strict=True)))
        return sample_ratios(case, jnp), subnormal_samples(jnp, case.grads)

    @jax.jit
    def of_arrays(params: Any, *data: Any) -> tuple[SampleRatios, Any]:
        n = data[0].shape[-1]
        if n % _AT_ONCE:
            return of_some(params, data)

        def of_part(first: Any) -> tuple[SampleRatios, Any]:
            part = functools.partial(
                lax.dynamic_slice_in_dim, start_index=first, slice_size=_AT_ONCE, axis=-1
            )
            return of_some(params, jax.tree.map(part, data))

        def joined(parts: Any) -> Any:
            return jnp.moveaxis(parts, 0, -2).reshape(*parts.shape[1:-1], n)

        return jax.tree.map(joined, lax.map(of_part, jnp.arange(0, n, _AT_ONCE)))

    return of_arrays
