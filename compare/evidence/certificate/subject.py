"""Gradients as the rules take them, and what the rules find of each sample.

`proof.certify` makes certificates of it. Here the sample axis is last. Shape letters: N samples.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compare.evidence.certificate.checks import Checks, check_gradients, ratios
from compare.evidence.certificate.recovered import Rounding
from compare.problem.axes import layers_last, samples_last

if TYPE_CHECKING:  # jaxmlp loads jax, which a report of certificates does not need
    from jaxmlp.base import Grads, Params


class Subject(NamedTuple):
    """Arguments of `check_gradients`, not yet widened to float64."""

    params: tuple[tuple[np.ndarray, np.ndarray], ...]
    x: np.ndarray  # [d, N]
    y: np.ndarray  # [k, N]
    grads: tuple[tuple[np.ndarray, np.ndarray], ...]  # [n_in, n_out, N] and [n_out, N]
    printed: tuple[tuple[np.ndarray, np.ndarray], ...] | None

    def alone(self, sample: int) -> "Subject":
        """Keeps one sample."""
        one = slice(sample, sample + 1)
        grads = tuple((dw[..., one], db[..., one]) for dw, db in self.grads)
        printed = self.printed and tuple((dw[..., one], db[..., one]) for dw, db in self.printed)
        return Subject(self.params, self.x[:, one], self.y[:, one], grads, printed)

    def check(self, *, activation: str, rounding: Rounding, xp: Any = np) -> Checks:
        """Widens to float64 and checks."""

        def wide(layers: Any) -> tuple[tuple[Any, Any], ...]:
            return tuple((xp.asarray(w, np.float64), xp.asarray(b, np.float64)) for w, b in layers)

        return check_gradients(
            wide(self.params),
            xp.asarray(self.x, np.float64),
            xp.asarray(self.y, np.float64),
            wide(self.grads),
            activation=activation,
            rounding=rounding,
            printed=self.printed and wide(self.printed),
            xp=xp,
        )


def make_subject(
    params: "Params",
    x: np.ndarray,
    y: np.ndarray,
    grads: "Grads",
    printed: "Grads | None",
    finite: np.ndarray,
) -> Subject:
    """Turns the sample axis to the end.

    Args:
      params: leaves [n_in, n_out] and [n_out].
      x: [N, d].
      y: [N, k].
      grads: leaves [N, n_in, n_out] and [N, n_out].
      printed: shaped like grads.
      finite: [N] bool; of the other samples everything becomes 0.
    """
    x, y, last = samples_last(x), samples_last(y), layers_last(grads)
    if not finite.all():  # dropping them would make another shape, to be compiled again
        x, y = (np.where(finite, array, np.zeros_like(array)) for array in (x, y))
        last = tuple(
            (np.where(finite, dw, np.zeros_like(dw)), np.where(finite, db, np.zeros_like(db)))
            for dw, db in last
        )
    units = None if printed is None else layers_last(printed)
    return Subject(tuple(params), x, y, last, units)


class PerSample(NamedTuple):
    """What was found of each of N samples."""

    ratios: Any  # [checks, N], the largest of any entry
    silent: Any  # [N] bool
    at_kink: Any  # [N] bool


def per_sample(subject: Subject, *, activation: str, rounding: Rounding, xp: Any = np) -> PerSample:
    """Checks, and reduces every check to its largest ratio."""
    found = subject.check(activation=activation, rounding=rounding, xp=xp)
    by_entry = [ratios(check, xp) for check in found.checks]
    largest = [xp.max(one, axis=tuple(range(one.ndim - 1))) for one in by_entry]
    return PerSample(xp.stack(largest), found.silent, found.at_kink)


def per_sample_compiled(subject: Subject, *, activation: str, rounding: Rounding) -> PerSample:
    """Does the same by jitted JAX; every number of samples is compiled by itself."""
    from compare.evidence.differences.compiled import evidence_settings

    with evidence_settings():
        found = _compiled()(subject, activation=activation, rounding=rounding)
        return PerSample(*map(np.asarray, found))


@functools.cache
def _compiled() -> Callable[..., PerSample]:
    import jax
    import jax.numpy as jnp

    compiled = functools.partial(per_sample, xp=jnp)
    return jax.jit(compiled, static_argnames=("activation", "rounding"))
