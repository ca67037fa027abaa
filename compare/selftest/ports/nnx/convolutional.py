"""A convolutional network in Flax nnx: [N, height, width, channels]."""

from typing import Any

from flax import nnx

from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, conv, dense
from compare.selftest.ports.networks import CNN, CNN_EVAL
from compare.selftest.ports.nnx.weights import batch_norm, loaded
from compare.selftest.ports.port import Port, channels_last


class TorchBatchNorm(nnx.BatchNorm):
    """Keeps a running variance that divides by n - 1, as torch does, and Flax by n."""

    def __call__(self, x: Array) -> Array:
        made = super().__call__(x)
        if not self.use_running_average:
            n = x.size // x.shape[-1]
            self.var[...] += (1 - self.momentum) * x.var((0, 1, 2)) / (n - 1)
        return made


class Cnn(nnx.Module):
    """[N, 12, 12, 3] to logits of 5 classes."""

    def __init__(self, rngs: nnx.Rngs, *, norm: Any = TorchBatchNorm, dtype: Any = None) -> None:
        self.conv1 = nnx.Conv(3, 8, (3, 3), padding=1, use_bias=False, rngs=rngs)
        self.bn1 = norm(8, momentum=0.9, rngs=rngs)
        self.conv2 = nnx.Conv(8, 8, (3, 3), strides=2, padding=1, dtype=dtype, rngs=rngs)
        self.bn2 = TorchBatchNorm(8, momentum=0.9, rngs=rngs)
        self.fc1 = nnx.Linear(72, 16, rngs=rngs)
        self.fc2 = nnx.Linear(16, 5, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        x = self.pool(nnx.relu(self.bn1(self.conv1(x))))
        x = nnx.relu(self.bn2(self.conv2(x)))
        return self.fc2(nnx.relu(self.fc1(self.flat(x))))

    def pool(self, x: Array) -> Array:
        """The largest of 2 x 2 pixels."""
        return nnx.max_pool(x, (2, 2), strides=(2, 2))

    def flat(self, x: Array) -> Array:
        """Channels before pixels, as the dense layer was trained in torch."""
        return x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)


def cnn_weights(state: State) -> Tree:
    """Converts the weights of `Cnn`."""
    return {
        "conv1": conv(state, "conv1"),
        "bn1": batch_norm(state, "bn1"),
        "conv2": conv(state, "conv2"),
        "bn2": batch_norm(state, "bn2"),
        "fc1": dense(state, "fc1"),
        "fc2": dense(state, "fc2"),
    }


def cnn(state: State, kind: Any = Cnn, *, is_training: bool = True, **options: Any) -> nnx.Module:
    """Makes a network with the weights that it has in torch."""
    model = loaded(kind(nnx.Rngs(0), **options), cnn_weights(state))
    if is_training:
        model.train()
    else:
        model.eval()
    return model


CONVOLUTIONAL = (
    Port("Flax nnx", CNN, cnn, channels_last),
    Port("Flax nnx", CNN_EVAL, lambda state: cnn(state, is_training=False), channels_last),
)
