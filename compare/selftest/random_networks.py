"""Random networks in every arithmetic, and correct gradients of them."""

import functools
from typing import NamedTuple

import jax
import numpy as np

from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.implementations.formulas import FORMULAS
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.network import Network, uniform_network
from compare.problem.samples import default_labels
from compare.selftest import reduced_precision
from compare.selftest.reduced_precision import ReducedPrecision
from jaxmlp import ACTIVATIONS, init_params
from jaxmlp.base import Batch, Evaluation, Layer, Params, layer_sizes
from torch_ref import MLP, convert, per_sample_gradients

# Every shape is compiled for each activation and dtype, so there are few: each depth from 1 to 12
# hidden layers three times, with widths, inputs and outputs in turn.
_SHALLOW, _DEEP = (1, 10, 50, 2, 21, 120, 3, 7, 300), (1, 10, 50, 2, 21)
_SHAPES = tuple(
    (
        (1, 4, 17)[i % 3],
        *(_SHALLOW[i * 7 % 9] if depth < 5 else _DEEP[i * 3 % 5],) * depth,
        (1, 3)[i % 2],
    )
    for i, depth in enumerate((*range(1, 13), *range(12, 0, -1), *range(1, 13)))
)
_SAMPLES = 3


class RandomNetwork(NamedTuple):
    """One network and its samples."""

    params: Params
    batch: Batch
    activation: str

    @property
    def network(self) -> Network:
        """The network of these weights."""
        return uniform_network(layer_sizes(self.params), self.activation)

    def __str__(self) -> str:
        sizes = "-".join(map(str, layer_sizes(self.params)))
        return f"{sizes} {self.activation} {self.params[0].w.dtype}"


class Kind(NamedTuple):
    """An arithmetic to try, and on how many networks."""

    name: str
    dtype: np.dtype
    factor_bits: int | None  # of products in reduced precision; None for those of libraries
    share: int  # one network is tried for every so many that are asked for

    @property
    def arithmetic(self) -> Arithmetic:
        """The arithmetic here: on a CPU every library adds up low precision in float32."""
        plain = plain_arithmetic(self.dtype)
        if self.factor_bits is not None:
            return Arithmetic(self.dtype, self.factor_bits, 23)
        return plain._replace(sum_bits=23) if plain.is_low else plain


KINDS = (
    Kind("float32", np.dtype(np.float32), None, 1),
    Kind("float64", np.dtype(np.float64), None, 5),
    Kind("bfloat16", np.dtype("bfloat16"), None, 5),
    Kind("float16", np.dtype(np.float16), None, 5),
    Kind("float32 with TF32 products", np.dtype(np.float32), 10, 5),
    Kind("float32 with bfloat16 products", np.dtype(np.float32), 7, 5),
)


def draw_network(rng: np.random.Generator, dtype: np.dtype) -> RandomNetwork:
    """Draws a network of one of a few shapes."""
    sizes = _SHAPES[rng.integers(len(_SHAPES))]
    d, k = sizes[0], sizes[-1]
    least, most = (-6, 4) if dtype == np.float16 else (-38, 0)  # powers of 10 of inputs
    scale = 10 ** rng.uniform(max(-14, least), np.log10(40))
    scale = scale if rng.random() < 0.3 else 10 ** rng.uniform(-2, 1)
    inputs = 10 ** rng.uniform(least, most) if rng.random() < 0.3 else 1.0
    init = str(rng.choice(("torch", "normal")))
    drawn = init_params(rng, sizes, init=init, dtype=np.float64)
    params = tuple(Layer(*((leaf * scale).astype(dtype) for leaf in layer)) for layer in drawn)
    x = (rng.random((_SAMPLES, d)) * inputs).astype(dtype)
    labels = default_labels(x, k) if rng.random() < 0.5 else rng.random((_SAMPLES, k)).astype(dtype)
    return RandomNetwork(params, Batch(x, labels), str(rng.choice(list(ACTIVATIONS))))


def evaluations(
    network: RandomNetwork, kind: Kind, rng: np.random.Generator
) -> dict[str, Evaluation]:
    """Returns what all implementations that can compute in a kind of arithmetic answer."""
    params, batch, activation = network
    names = ("jax_manual",) if kind.factor_bits else ("jax_grad", "jax_manual")
    with jax.enable_x64(kind.dtype == np.float64):
        found = {
            name: jax.tree.map(np.asarray, jitted_gradients(name, activation)(params, batch))
            for name in names
        }
    if kind.factor_bits:
        precision = ReducedPrecision(
            kind.factor_bits, *(bool(bit) for bit in rng.integers(2, size=2))
        )
        reduced = reduced_precision.evaluate(params, batch, activation, precision)
        return {**found, "reduced": reduced}
    return {**found, "torch_autograd": _by_torch(params, batch, activation)}


@functools.cache
def jitted_gradients(name: str, activation: str) -> "jax.stages.Wrapped":
    """Returns (params, batch) -> Evaluation by jax_grad or jax_manual, compiled once per shape."""
    differentiate = FORMULAS[IMPLEMENTATIONS[name].formula].differentiate
    evaluate = functools.partial(differentiate, activation=ACTIVATIONS[activation])
    return jax.jit(evaluate)


def _by_torch(params: Params, batch: Batch, activation: str) -> Evaluation:
    model = MLP(
        layer_sizes(params), activation=activation, dtype=convert.to_tensor(params[0].b).dtype
    )
    convert.load_params(model, params)
    found = per_sample_gradients(model, *map(convert.to_tensor, batch))
    prediction, loss = convert.to_array(found.prediction), convert.to_array(found.loss)
    return Evaluation(prediction, loss, convert.from_tensors(found.grads))
