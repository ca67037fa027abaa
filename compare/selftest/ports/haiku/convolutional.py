"""A convolutional network in Haiku: [N, height, width, channels]."""

from typing import Any

import haiku as hk
import jax

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.haiku.params import Tree, average, batch_norm, conv, linear
from compare.selftest.ports.networks import CNN, CNN_EVAL
from compare.selftest.ports.port import Port, channels_last


class TorchBatchNorm(hk.BatchNorm):
    """Keeps a running variance that divides by n - 1, as torch does, and Haiku by n."""

    var_ema: Any

    def __call__(self, inputs: Array, *, is_training: bool) -> Array:
        n, average = inputs.size // inputs.shape[-1], self.var_ema
        if is_training:
            self.var_ema = lambda var: average(var * (n / (n - 1)))
        return super().__call__(inputs, is_training=is_training)


class Cnn(hk.Module):
    """[N, 12, 12, 3] to logits of 5 classes."""

    def __init__(self, *, stride: int = 1, norm: Any = TorchBatchNorm, name: str = "cnn") -> None:
        super().__init__(name=name)
        self.stride, self.norm = stride, norm

    def __call__(self, x: Array, *, is_training: bool) -> Array:
        x = hk.Conv2D(8, 3, self.stride, padding=(1, 1), with_bias=False, name="conv1")(x)
        x = self.normalised("bn1", x, is_training=is_training)
        x = self.pool(self.activation(x))
        x = hk.Conv2D(8, 3, stride=2, padding=(1, 1), name="conv2")(x)
        x = self.normalised("bn2", x, is_training=is_training)
        x = self.flat(jax.nn.relu(x))
        x = jax.nn.relu(hk.Linear(16, name="fc1")(x))
        return hk.Linear(5, name="fc2")(x)

    @hk.transparent
    def normalised(self, name: str, x: Array, *, is_training: bool) -> Array:
        """Over all but the channels."""
        return self.norm(True, True, 0.9, name=name)(x, is_training=is_training)

    def activation(self, x: Array) -> Array:
        """The first of them."""
        return jax.nn.relu(x)

    def pool(self, x: Array) -> Array:
        """The largest of 2 x 2 pixels."""
        return hk.max_pool(x, (2, 2, 1), (2, 2, 1), "VALID")

    def flat(self, x: Array) -> Array:
        """Channels before pixels, as the dense layer was trained in torch."""
        return hk.Flatten()(x.transpose(0, 3, 1, 2))


def cnn_params(state: State) -> Tree:
    """Converts the weights of `Cnn`."""
    return {
        "cnn/conv1": conv(state, "conv1"),
        "cnn/bn1": batch_norm(state, "bn1"),
        "cnn/conv2": conv(state, "conv2"),
        "cnn/bn2": batch_norm(state, "bn2"),
        "cnn/fc1": linear(state, "fc1"),
        "cnn/fc2": linear(state, "fc2"),
    }


def cnn_statistics(state: State) -> Tree:
    """Converts the running statistics of `Cnn`."""
    return {
        f"cnn/{norm}/~/{ours}_ema": average(state[f"{norm}.running_{ours}"])
        for norm in ("bn1", "bn2")
        for ours in ("mean", "var")
    }


def cnn(state: State, kind: type[Cnn] = Cnn, *, is_training: bool = True, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""

    def forward(x: Array) -> Array:
        return kind(**options, name="cnn")(x, is_training=is_training)

    network = hk.without_apply_rng(hk.transform_with_state(forward))
    return Model(network, (cnn_params(state), cnn_statistics(state)))


CONVOLUTIONAL = (
    Port("Haiku", CNN, cnn, channels_last),
    Port("Haiku", CNN_EVAL, lambda state: cnn(state, is_training=False), channels_last),
)
