"""Random networks in every arithmetic, and correct gradients of them."""

import functools
from typing import NamedTuple

import jax
import numpy as np

from compare.catalogue import ENDS
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.implementations.base import Settings
from compare.implementations.formulas import FORMULAS
from compare.implementations.jax import jax_devices, jax_settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.implementations.torch import torch_device
from compare.implementations.torch_settings import torch_settings
from compare.problem.labels import Labels
from compare.problem.network import Network
from compare.selftest import reduced_precision
from compare.selftest.reduced_precision import ReducedPrecision
from jaxmlp import ACTIVATIONS, LOSSES, init_params
from jaxmlp.base import Batch, Evaluation, Layer, Params
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
    network: Network

    def __str__(self) -> str:
        network = self.network
        sizes = "-".join(map(str, network.layer_sizes))
        hidden = ",".join(dict.fromkeys(network.activations))
        end = f"{network.output} {network.loss}, l2 {network.l2:g}"
        biases = (
            "" if not network.biases else f", biases {''.join(map(str, map(int, network.biases)))}"
        )
        return f"{sizes} {hidden}, {end}{biases}, {self.params[0].w.dtype}"


class Kind(NamedTuple):
    """An arithmetic to try, and on how many networks."""

    name: str
    dtype: np.dtype
    factor_bits: int | None  # of products in reduced precision; None for those of libraries
    share: int  # one network is tried for every so many that are asked for

    @property
    def arithmetic(self) -> Arithmetic:
        """The arithmetic: every library here adds up low precision in float32."""
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
GPU_KINDS = KINDS[:5]  # what both libraries compute there when they are told to


def draw_network(
    rng: np.random.Generator, dtype: np.dtype, *, is_plain: bool = False
) -> RandomNetwork:
    """Draws a network of one of a few shapes, with any end, some biases and maybe a penalty.

    Args:
      rng: the source of randomness.
      dtype: of weights and samples.
      is_plain: whether it is to have a linear output, the squared error, and all biases.
    """
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
    ends = [("linear", "squared")] if is_plain else [e for e in ENDS if k > 1 or e[0] != "softmax"]
    output, loss = ends[rng.integers(len(ends))]
    l2 = 0.0 if is_plain else float(rng.choice((0, 0, 0.01, 1)))
    biases = () if is_plain else _draw_biases(rng, sizes)
    labels = _draw_labels(rng, x, Labels(output, loss, k))
    hidden = (str(rng.choice(list(ACTIVATIONS))),) * (len(sizes) - 2)
    network = Network(sizes, hidden, loss, output, l2, biases)
    params = tuple(
        Layer(w, b if network.has_bias(i) else np.zeros_like(b)) for i, (w, b) in enumerate(params)
    )
    return RandomNetwork(params, Batch(x, labels), network)


def _draw_biases(rng: np.random.Generator, sizes: tuple[int, ...]) -> tuple[bool, ...]:
    """Every layer in half of the cases, none in a quarter, any in the others."""
    share = rng.choice((1, 1, 0, 0.5))
    return () if share == 1 else tuple(bool(one < share) for one in rng.random(len(sizes) - 1))


def _draw_labels(rng: np.random.Generator, x: np.ndarray, labels: Labels) -> np.ndarray:
    """Labels as they are drawn for a run, or any that the loss can have."""
    if labels.loss == "hinge" or rng.random() < 0.5:
        seed = int(rng.integers(2**31)) if labels.have_rules else 0
        return labels._replace(seed=seed).drawn(x, 0)
    drawn = rng.random((len(x), labels.n_outputs)).astype(x.dtype)
    if labels.loss == "cross_entropy":
        wide = drawn.astype(np.float64)
        return (wide / wide.sum(axis=1, keepdims=True)).astype(x.dtype)
    return drawn


def evaluations(
    network: RandomNetwork, kind: Kind, rng: np.random.Generator, *, device: str = "cpu"
) -> dict[str, Evaluation]:
    """Returns what all implementations that can compute in a kind of arithmetic answer.

    Args:
      network: to evaluate.
      kind: of arithmetic. Products in reduced precision are made in NumPy for the CPU, where no
        library has them; on a GPU both libraries are told to use TF32.
      rng: which draws the ways in which NumPy reduces.
      device: 'cpu' or 'gpu'.
    """
    params, batch, made = network
    bits_in_numpy = kind.factor_bits if device == "cpu" else None
    settings = Settings("high" if kind.factor_bits and device != "cpu" else "highest")
    names = ("jax_manual",) if bits_in_numpy else ("jax_grad", "jax_manual")
    with jax_settings(kind.dtype, settings.matmul_precision):
        held = jax.device_put((params, batch), jax_devices(device)[0])
        end = made.activations, made.output, made.loss, made.l2
        found = {
            name: jax.tree.map(np.asarray, _jitted_gradients(name, *end)(*held)) for name in names
        }
    if bits_in_numpy:
        precision = ReducedPrecision(bits_in_numpy, *(bool(bit) for bit in rng.integers(2, size=2)))
        reduced = reduced_precision.evaluate(params, batch, made.activations[0], precision)
        return {**found, "reduced": reduced}
    with torch_settings(settings):
        return {**found, "torch_autograd": _by_torch(network, device)}


@functools.cache
def _jitted_gradients(
    name: str, activations: tuple[str, ...], output: str, loss: str, l2: float
) -> "jax.stages.Wrapped":
    """Returns (params, batch) -> Evaluation by jax_grad or jax_manual, compiled once per shape."""
    evaluate = functools.partial(
        FORMULAS[IMPLEMENTATIONS[name].formula].differentiate,
        activation=tuple(ACTIVATIONS[one] for one in activations),
        loss=LOSSES[output, loss],
        l2=l2,
    )
    return jax.jit(evaluate)


def _by_torch(network: RandomNetwork, device: str) -> Evaluation:
    params, batch, made = network
    target = torch_device(device)
    dtype = convert.to_tensor(params[0].b).dtype
    model = MLP(made.layer_sizes, activation=made.activations, dtype=dtype, device=target)
    convert.load_params(model, params)
    x, y = (convert.to_tensor(array, device=target) for array in batch)
    found = per_sample_gradients(model, x, y, loss=made.loss, output=made.output, l2=made.l2)
    prediction, loss = convert.to_array(found.prediction), convert.to_array(found.loss)
    return Evaluation(prediction, loss, convert.from_tensors(found.grads))
