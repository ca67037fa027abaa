"""A convolutional network in Flax linen: [N, height, width, channels]."""

from typing import Any

from flax import linen as nn

from compare.implementations.programs.model import Model
from compare.selftest.modules.example import Array, State
from compare.selftest.ports.linen.variables import Tree, conv, dense, norm, statistics
from compare.selftest.ports.networks import CNN, CNN_EVAL
from compare.selftest.ports.port import Port, channels_last


class TorchBatchNorm(nn.BatchNorm):
    """Keeps a running variance that divides by n - 1, as torch does, and Flax by n."""

    def __call__(self, x: Array) -> Array:
        made = super().__call__(x)
        if not self.use_running_average and self.is_mutable_collection("batch_stats"):
            n = x.size // x.shape[-1]
            missing = (1 - self.momentum) * x.var((0, 1, 2)) / (n - 1)
            kept = self.get_variable("batch_stats", "var")
            self.put_variable("batch_stats", "var", kept + missing)
        return made


class Cnn(nn.Module):
    """[N, 12, 12, 3] to logits of 5 classes."""

    is_training: bool = True
    eps: float = 1e-5
    padding: str | int = 1  # of the second convolution
    momentum: float = 0.9
    norm: type[nn.BatchNorm] = TorchBatchNorm

    @nn.compact
    def __call__(self, x: Array) -> Array:
        x = nn.Conv(8, (3, 3), padding=1, use_bias=False)(x)
        x = self.pool(nn.relu(self.normalised("bn1", x, self.eps)))
        x = nn.Conv(8, (3, 3), strides=2, padding=self.padding)(x)
        x = self.flat(nn.relu(self.normalised("bn2", x, 1e-5)))
        x = nn.relu(nn.Dense(16)(x))
        return nn.Dense(5)(x)

    def normalised(self, name: str, x: Array, eps: float) -> Array:
        """One number of running statistics a channel."""
        options = {"momentum": self.momentum, "epsilon": eps, "name": name}
        return self.norm(not self.is_training, **options)(x)

    def pool(self, x: Array) -> Array:
        """The largest of 2 x 2 pixels."""
        return nn.max_pool(x, (2, 2), strides=(2, 2))

    def flat(self, x: Array) -> Array:
        """Channels before pixels, as the dense layer was trained in torch."""
        return x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1)


def cnn_variables(state: State) -> Tree:
    """Converts the weights of `Cnn`."""
    params = {
        "Conv_0": conv(state, "conv1"),
        "bn1": norm(state, "bn1"),
        "Conv_1": conv(state, "conv2"),
        "bn2": norm(state, "bn2"),
        "Dense_0": dense(state, "fc1"),
        "Dense_1": dense(state, "fc2"),
    }
    batches = {"bn1": statistics(state, "bn1"), "bn2": statistics(state, "bn2")}
    return {"params": params, "batch_stats": batches}


def cnn(state: State, kind: type[nn.Module] = Cnn, **options: Any) -> Model:
    """Makes a network with the weights that it has in torch."""
    return Model(kind(**options), cnn_variables(state))


CONVOLUTIONAL = (
    Port("Flax linen", CNN, cnn, channels_last),
    Port("Flax linen", CNN_EVAL, lambda state: cnn(state, is_training=False), channels_last),
)
