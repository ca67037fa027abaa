"""What the certificate says of one implementation, over all samples."""

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from compare.evidence.certificate import Checks, check_gradients, ratios
from compare.evidence.recovered import Rounding, rounding_of

if TYPE_CHECKING:  # jaxmlp loads jax, which a report of certificates does not need
    from jaxmlp.base import Grads, Params


@dataclasses.dataclass(frozen=True)
class Finding:
    """One entry held against one rule."""

    ratio: float  # |found - expected| / allowed
    sample: int
    parameter: str
    rule: str
    index: tuple[int, ...]  # [n_in, n_out] or [n_out] of the parameter, [n_in] for recovered inputs
    found: float
    expected: float
    allowed: float


@dataclasses.dataclass(frozen=True)
class Certificate:
    """Counts of samples, the tightest finding, and the first that broke a rule.

    Every sample is exactly one of certified, failed and silent. It is silent where a zero could
    be neither proved nor disproved, and where an entry is not finite.
    """

    implementation: str
    dtype: str
    certified: int
    failed: int
    silent: int
    at_kink: int  # of the certified ones
    worst: Finding | None
    first_failure: Finding | None

    @property
    def worst_ratio(self) -> float | None:
        """At most 1 where every sample is certified; None where nothing could be checked."""
        return None if self.worst is None else self.worst.ratio


def certify(
    implementation: str,
    params: "Params",
    x: np.ndarray,
    y: np.ndarray,
    grads: "Grads",
    *,
    activation: str,
    printed: "Grads | None" = None,
    first_sample: int = 0,
    compiled: bool = False,
    worst_so_far: float = -1.0,
) -> Certificate:
    """Certifies N gradients.

    Args:
      implementation: its name.
      params: leaves [n_in, n_out] and [n_out].
      x: [N, d].
      y: [N, k].
      grads: leaves [N, n_in, n_out] and [N, n_out]; their dtype is that of the arithmetic.
      activation: of the hidden layers.
      printed: if grads were read from print, half a unit of every last printed digit, in the shapes
        of grads; 0 where a number is exact.
      first_sample: the number of sample x[0].
      compiled: whether to check with jitted JAX, which pays off when there are many blocks.
      worst_so_far: a ratio up to which `worst` is not looked up, since `merge` would drop it.
    """
    dtype = grads[0].b.dtype
    kept = np.flatnonzero(_finite(grads))
    subject = _Subject(tuple(params), x, y, tuple(grads), printed and tuple(printed))
    if len(kept) < len(x):
        subject = subject.take(kept)
    options: dict[str, Any] = {"activation": activation, "rounding": rounding_of(dtype)}
    if compiled:
        largest, silent, at_kink = _largest_ratios_compiled(subject, **options)
    else:
        largest, silent, at_kink = _largest_ratios(subject, **options)
    failed = (largest > 1).any(axis=0)
    silent = silent & ~failed

    def finding(row: int, check: int) -> Finding:
        return _finding(subject, row, check, int(kept[row]) + first_sample, **options)

    worst = first = None
    if len(kept) and largest.max() > worst_so_far:
        check, row = np.unravel_index(np.argmax(largest), largest.shape)
        worst = finding(int(row), int(check))
    if failed.any():
        row = np.argmax(failed)
        first = finding(int(row), int(np.argmax(largest[:, row] > 1)))  # in the order data flows
    return Certificate(
        implementation,
        dtype.name,
        certified=int((~failed & ~silent).sum()),
        failed=int(failed.sum()),
        silent=int(silent.sum()) + len(x) - len(kept),
        at_kink=int((at_kink & ~failed & ~silent).sum()),
        worst=worst,
        first_failure=first,
    )


def merge(earlier: Certificate, later: Certificate) -> Certificate:
    """Joins the certificates of two blocks of samples."""
    worst = earlier.worst or later.worst
    if earlier.worst and later.worst and later.worst.ratio > earlier.worst.ratio:
        worst = later.worst
    return dataclasses.replace(
        earlier,
        certified=earlier.certified + later.certified,
        failed=earlier.failed + later.failed,
        silent=earlier.silent + later.silent,
        at_kink=earlier.at_kink + later.at_kink,
        worst=worst,
        first_failure=earlier.first_failure or later.first_failure,
    )


def _finite(grads: "Grads") -> np.ndarray:
    """Whether all of a sample's gradient is finite, [N] bool."""
    finite = np.ones(len(grads[0].b), bool)
    for array in (leaf for layer in grads for leaf in layer):
        if not np.isfinite(array).all():
            finite &= np.isfinite(array).reshape(len(array), -1).all(axis=1)
    return finite


class _Subject(NamedTuple):
    """Arguments of `check_gradients`, not yet widened to float64."""

    params: tuple[tuple[np.ndarray, np.ndarray], ...]
    x: np.ndarray
    y: np.ndarray
    grads: tuple[tuple[np.ndarray, np.ndarray], ...]
    printed: tuple[tuple[np.ndarray, np.ndarray], ...] | None

    def take(self, rows: "np.ndarray | slice") -> "_Subject":
        """Keeps some samples."""
        grads = tuple((dw[rows], db[rows]) for dw, db in self.grads)
        printed = self.printed and tuple((dw[rows], db[rows]) for dw, db in self.printed)
        return _Subject(self.params, self.x[rows], self.y[rows], grads, printed)

    def check(self, *, activation: str, rounding: Rounding, xp: Any) -> Checks:
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


def _largest_ratios(
    subject: _Subject, *, activation: str, rounding: Rounding, xp: Any = np
) -> tuple[Any, Any, Any]:
    """Returns the largest ratio of every check [checks, N], silent [N] and at_kink [N]."""
    found = subject.check(activation=activation, rounding=rounding, xp=xp)
    largest = [
        xp.max(by_entry, axis=tuple(range(1, by_entry.ndim)))
        for by_entry in (ratios(check, xp) for check in found.checks)
    ]
    return xp.stack(largest), found.silent, found.at_kink


def _largest_ratios_compiled(subject: _Subject, **options: Any) -> list[np.ndarray]:
    import jax

    # The checks are written for NumPy, which promotes; the user's own settings may forbid it.
    promoting = jax.numpy_rank_promotion("allow"), jax.numpy_dtype_promotion("standard")
    with jax.enable_x64(True), promoting[0], promoting[1]:
        return [np.asarray(out) for out in _compiled()(subject, **options)]


@functools.cache
def _compiled() -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    compiled = functools.partial(_largest_ratios, xp=jnp)
    return jax.jit(compiled, static_argnames=("activation", "rounding"))


def _finding(
    subject: _Subject, row: int, check: int, sample: int, *, activation: str, rounding: Rounding
) -> Finding:
    """The worst entry of one sample under one check."""
    alone = subject.take(slice(row, row + 1))
    found = alone.check(activation=activation, rounding=rounding, xp=np).checks[check]
    by_entry = ratios(found)[0]
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(by_entry)), by_entry.shape))
    return Finding(
        ratio=float(by_entry[index]),
        sample=sample,
        parameter=found.parameter,
        rule=found.rule,
        index=index,
        found=float(found.found[0][index]),
        expected=float(found.expected[0][index]),
        allowed=float(found.allowed[0][index]),
    )
