"""A convolutional network in Equinox: [channels, height, width] of one sample."""

from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.equinox.weights import KEY, loaded
from compare.selftest.ports.networks import CNN, CNN_EVAL
from compare.selftest.ports.port import Port

Stateful: TypeAlias = tuple["Cnn", eqx.nn.State]
_MANY = 1000  # batches that the running statistics have seen: no correction for the first is left


class TorchBatchNorm(eqx.nn.BatchNorm):
    """Keeps a running variance that divides by n - 1, as torch does, and Equinox by n."""

    def __call__(self, x: Array, state: eqx.nn.State, **_: Any) -> tuple[Array, eqx.nn.State]:
        made, state = super().__call__(x, state)
        if self.inference:
            return made, state
        n = lax.psum(x[0].size, "batch")
        away = x - lax.pmean(x.mean((1, 2), keepdims=True), "batch")
        missing = lax.pmean((away**2).mean((1, 2)), "batch") / (n - 1)
        mean, var = state.get(self.batch_state_index)
        kept = (mean, var + (1 - self.momentum) * missing)
        return made, state.set(self.batch_state_index, kept)


class Cnn(eqx.Module):
    """[3, 12, 12] to logits of 5 classes, and statistics over the axis 'batch'."""

    conv1: eqx.nn.Conv2d
    bn1: eqx.nn.BatchNorm
    pool: Any
    conv2: eqx.nn.Conv2d
    bn2: eqx.nn.BatchNorm
    fc1: eqx.nn.Linear
    fc2: eqx.nn.Linear

    def __init__(
        self, norm: Any = TorchBatchNorm, eps: float = 1e-5, pool: Any = eqx.nn.MaxPool2d
    ) -> None:
        self.conv1 = eqx.nn.Conv2d(3, 8, 3, padding=1, use_bias=False, key=KEY)
        self.bn1 = norm(8, "batch", eps=eps, momentum=0.9, mode="batch")
        self.pool = pool(2, stride=2)
        self.conv2 = eqx.nn.Conv2d(8, 8, 3, stride=2, padding=1, key=KEY)
        self.bn2 = TorchBatchNorm(8, "batch", momentum=0.9, mode="batch")
        self.fc1 = eqx.nn.Linear(72, 16, key=KEY)
        self.fc2 = eqx.nn.Linear(16, 5, key=KEY)

    def __call__(self, x: Array, state: eqx.nn.State) -> tuple[Array, eqx.nn.State]:
        x, state = self.bn1(self.conv1(x), state)
        x = self.pool(self.activation(x))
        x, state = self.bn2(self.conv2(x), state)
        x = jax.nn.relu(self.fc1(self.flat(jax.nn.relu(x))))
        return self.fc2(x), state

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return jax.nn.relu(x)

    def flat(self, x: Array) -> Array:
        """Channels before pixels, as in torch."""
        return x.reshape(-1)


def loaded_cnn(made: Stateful, weights: State) -> Stateful:
    """Gives a network and its state what they have in torch."""
    model, state = made
    for name in ("conv1", "bn1", "conv2", "bn2", "fc1", "fc2"):
        layer = loaded(getattr(model, name), weights, name)
        model = eqx.tree_at(lambda one, name=name: getattr(one, name), model, layer)
    for name in ("bn1", "bn2"):
        norm = getattr(model, name)
        statistics = (weights[f"{name}.running_mean"], weights[f"{name}.running_var"])
        state = state.set(norm.batch_state_index, statistics)
        state = state.set(norm.batch_counter, jnp.array(_MANY))
    return model, state


def cnn(weights: State, kind: Any = Cnn, *, is_training: bool = True, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    model, state = loaded_cnn(eqx.nn.make_with_state(kind)(**options), weights)
    return Model(eqx.nn.inference_mode(model, value=not is_training), state)


CONVOLUTIONAL = (
    Port("Equinox", CNN, cnn),
    Port("Equinox", CNN_EVAL, lambda state: cnn(state, is_training=False)),
)
