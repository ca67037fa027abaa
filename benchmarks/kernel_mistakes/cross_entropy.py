"""Cross-entropy of logits z [n, k] and labels [n], a loss for each row."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.kernel_mistakes.kernel import Arrays, Kernel


class _Kept(NamedTuple):
    logits: Any
    p: Any  # softmax, [n, k]
    targets: Any  # [n, k]


def _log_softmax(z: Any) -> Arrays:
    """Returns the logarithms of the probabilities and these."""
    e = jnp.exp(z)
    total = e.sum(axis=-1, keepdims=True)
    return z - jnp.log(total), e / total


def _log_softmax_in_base_2(z: Any) -> Arrays:
    e = jnp.exp2(z * 1.4427)
    p = e / e.sum(axis=-1, keepdims=True)
    return jnp.log(p), p


class _Steps(NamedTuple):
    logits: Callable[[Any], Any] = lambda z: z
    log_softmax: Callable[[Any], Arrays] = _log_softmax
    targets: Callable[[Any], Any] = lambda one_hot: one_hot
    loss: Callable[[Any, Any, Any], Any] = lambda targets, log_p, p: -(targets * log_p).sum(axis=-1)
    p_of_backward: Callable[[Any], Any] = lambda p: p
    dz: Callable[[_Kept, Any], Any] = lambda kept, dz: dz


def _forward(steps: _Steps, z: Any, labels: Any) -> tuple[Any, _Kept]:
    z = steps.logits(z)
    log_p, p = steps.log_softmax(z - z.max(axis=-1, keepdims=True))
    targets = steps.targets(jax.nn.one_hot(labels, z.shape[-1], dtype=z.dtype))
    return steps.loss(targets, log_p, p), _Kept(z, steps.p_of_backward(p), targets)


def _backward(steps: _Steps, kept: _Kept, dy: Any) -> Arrays:
    return (steps.dz(kept, kept.p - kept.targets) * dy[:, None],)


def _reference(z: Any, labels: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], axis=1)[:, 0]


def _draw(rng: np.random.Generator, n: int, k: int) -> Arrays:
    return 2 * rng.normal(size=(n, k)), rng.integers(0, k, n).astype(np.int32)


def _with_z_loss(kept: _Kept, dz: Any) -> Any:
    return dz + 2e-6 * jax.nn.logsumexp(kept.logits, axis=-1, keepdims=True) * kept.p


CROSS_ENTROPY = Kernel(
    _reference,
    _forward,
    _backward,
    wrt=(0,),
    draw=_draw,
    sizes=(32, 1000),
    small=(3, 6),
    right=_Steps(),
    mistakes={
        "temperature 1.00001": _Steps(logits=lambda z: z / 1.00001),
        "label smoothing 1e-5": _Steps(targets=lambda t: t * (1 - 1e-5) + 1e-5 / t.shape[-1]),
        "log(p + 1e-8)": _Steps(loss=lambda t, log_p, p: -jnp.log((t * p).sum(axis=-1) + 1e-8)),
        "log2(e) is 1.4427": _Steps(log_softmax=_log_softmax_in_base_2),
        "backward: p clipped at 1e-7": _Steps(p_of_backward=lambda p: jnp.clip(p, 1e-7, 1)),
        "backward: z-loss of 1e-6": _Steps(dz=_with_z_loss),
        "backward: dz 1e-4 too large": _Steps(dz=lambda kept, dz: dz * (1 + 1e-4)),
        "backward: dz 1e-6 too large": _Steps(dz=lambda kept, dz: dz * (1 + 1e-6)),
        "backward: small p dropped": _Steps(dz=lambda kept, dz: jnp.where(kept.p < 1e-6, 0, dz)),
    },
)
