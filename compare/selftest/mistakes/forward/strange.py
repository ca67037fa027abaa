"""Something in place of an activation that has no name."""

from collections.abc import Callable

import numpy as np

from compare.implementations.numpy_activations import Activation
from compare.selftest.backward import Forward
from compare.selftest.mistakes.forward.activations import with_phi
from compare.selftest.mistakes.mistake import Mistake, Need, both, is_curved, is_deep
from compare.selftest.mistakes.phis import NAMELESS


def _clamped(z: np.ndarray) -> np.ndarray:
    return np.asarray((z > 0.2) & (z < 0.6), z.dtype)


def _always(phi: Activation) -> Callable[[Activation], Activation]:
    return lambda _: phi


def _strange(make: Callable[[Activation], Activation], needs: Need = is_deep) -> Mistake:
    """Makes something of the activation of all hidden layers that has no name."""
    return Mistake(network=with_phi(None, lambda f, phi: make(phi)), needs=needs)


def _masked(phi: Activation, draw: Callable[[np.ndarray], np.ndarray]) -> Activation:
    """Multiplies h by what is drawn for its shape [N, n], the same in value and slope."""
    return Activation(lambda z: draw(z) * phi.value(z), lambda z: draw(z) * phi.slope(z))


def _dropout(z: np.ndarray) -> np.ndarray:
    return np.asarray(2.0 * (np.random.default_rng(7).random(z.shape) < 0.5), z.dtype)


def _every_other_unit(z: np.ndarray) -> np.ndarray:
    return np.asarray(np.arange(z.shape[1]) % 2, z.dtype)


def _growing(z: np.ndarray) -> np.ndarray:
    return np.linspace(0.5, 1.5, z.shape[1], dtype=z.dtype)


def _in_every_other_sample(phi: Activation) -> Activation:
    """Leaves the activation out in samples 0, 2, 4, ..."""

    def odd(z: np.ndarray) -> np.ndarray:
        return (np.arange(len(z)) % 2 == 1)[:, None]

    return Activation(
        lambda z: np.where(odd(z), phi.value(z), z), lambda z: np.where(odd(z), phi.slope(z), 1)
    )


def _neighbour(phi: Activation) -> Activation:
    """Gives every unit the value of its neighbour, and its own slope."""
    return Activation(lambda z: np.roll(phi.value(z), 1, axis=1), phi.slope)


def _is_wide(f: Forward) -> bool:
    return f.depth > 1 and f.sizes[1] > 2


STRANGE = {
    **{f"{name} for phi": _strange(_always(phi)) for name, phi in NAMELESS.items()},
    "leaky relu with another slope for every unit": _strange(
        lambda _: Activation(
            lambda z: np.where(z > 0, z, 0.1 * _growing(z) * z),
            lambda z: np.where(z > 0, 1, 0.1 * _growing(z)),
        ),
        lambda f: is_deep(f) and bool((f.z[0] < 0).any(axis=0).sum() > 1),
    ),
    "relu of -z^3": _strange(
        lambda _: Activation(
            lambda z: np.maximum(-(z**3), 0), lambda z: np.where(z < 0, -3 * z * z, 0)
        )
    ),
    "dropout": _strange(lambda phi: _masked(phi, _dropout)),
    "every other unit masked": _strange(lambda phi: _masked(phi, _every_other_unit), _is_wide),
    "a factor for every unit": _strange(lambda phi: _masked(phi, _growing), _is_wide),
    "no activation in every other sample": _strange(_in_every_other_sample, is_curved),
    "h of the neighbouring unit": _strange(_neighbour, both(_is_wide, is_curved)),
    "phi(z) + z^2": _strange(
        lambda phi: Activation(lambda z: phi.value(z) + z * z, lambda z: phi.slope(z) + 2 * z)
    ),
    "phi of 2 z^2": _strange(
        lambda phi: Activation(
            lambda z: phi.value(2 * z * z), lambda z: 4 * z * phi.slope(2 * z * z)
        )
    ),
    "the output clamped": Mistake(
        network=with_phi(0, lambda f, _: Activation(lambda z: np.clip(z, 0.2, 0.6), _clamped)),
        needs=lambda f: bool(0 < _clamped(f.yhat).mean() < 1),
    ),
}
