"""Random networks in every arithmetic: programs to compile, and weights and samples for each."""

from typing import NamedTuple

import numpy as np

from compare.activation_names import joined_names
from compare.catalogue import ACTIVATIONS as NAMES
from compare.catalogue import ENDS, REDUCTIONS
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.problem.batches import Reduction
from compare.problem.labels import Labels
from compare.problem.network import Network
from compare.problem.problem import Problem
from jaxmlp import init_params
from jaxmlp.base import Batch, Layer, Params

_DEEPEST = 12  # hidden layers
_SHALLOW, _DEEP = (1, 10, 50, 2, 21, 120, 3, 7, 300), (1, 10, 50, 2, 21)  # widths; from 5 on
_INPUTS, _OUTPUTS = (1, 2, 4, 17), (1, 2, 3)
_MOST_SAMPLES = 8  # of a batch
_ACTIVATIONS = (*NAMES, "leaky_relu:0.2", "elu:0.5")


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

    @property
    def is_full_precision(self) -> bool:
        """Whether it is float32 or float64 with products of that dtype."""
        return self.factor_bits is None and not self.arithmetic.is_low


KINDS = (
    Kind("float32", np.dtype(np.float32), None, 1),
    Kind("float64", np.dtype(np.float64), None, 5),
    Kind("bfloat16", np.dtype("bfloat16"), None, 5),
    Kind("float16", np.dtype(np.float16), None, 5),
    Kind("float32 with TF32 products", np.dtype(np.float32), 10, 5),
    Kind("float32 with bfloat16 products", np.dtype(np.float32), 7, 5),
)
GPU_KINDS = KINDS[:5]  # what both libraries compute there when they are told to


class Program(NamedTuple):
    """What is compiled once, for weights and samples that are drawn many times."""

    network: Network
    dtype: np.dtype  # of weights and samples
    reduction: Reduction  # of the losses of all its samples, as many as its size

    def __str__(self) -> str:
        network = self.network
        sizes = "-".join(map(str, network.layer_sizes))
        end = f"{network.output} {network.loss}, l2 {network.l2:g}"
        biases = "".join(map(str, map(int, network.biases)))
        return (
            f"{sizes} {joined_names(network.activations)}, {end}"
            f"{f', biases {biases}' * bool(biases)}, {self.dtype}, "
            f"{self.reduction.kind} of {self.reduction.size}"
        )


class RandomNetwork(NamedTuple):
    """One network with its weights and samples."""

    params: Params
    batch: Batch
    network: Network

    @property
    def problem(self) -> Problem:
        """The network, its weights and its samples as a run has them."""
        return Problem(self.params, self.network, len(self.batch.x), lambda *_: self.batch)


def draw_program(rng: np.random.Generator, dtype: np.dtype, *, is_plain: bool = False) -> Program:
    """Draws sizes, activations, an end, some biases, maybe a penalty, and a reduction.

    Args:
      rng: the source of randomness.
      dtype: of weights and samples.
      is_plain: whether it is to have a linear output, the squared error, all biases, and one
        activation for all layers.
    """
    sizes = _draw_sizes(rng)
    hidden = rng.choice(_ACTIVATIONS, len(sizes) - 2).tolist()
    if is_plain or rng.random() < 0.5:
        hidden = hidden[:1] * len(hidden)
    ends = [end for end in ENDS if sizes[-1] > 1 or end[0] != "softmax"]
    output, loss = ("linear", "squared") if is_plain else ends[rng.integers(len(ends))]
    l2 = 0.0 if is_plain else float(rng.choice((0, 0, 0.01, 1)))
    biases = () if is_plain else _draw_biases(rng, sizes)
    network = Network(sizes, tuple(hidden), loss, output, l2, biases)
    reduction = Reduction(str(rng.choice(REDUCTIONS)), int(rng.integers(1, _MOST_SAMPLES + 1)))
    return Program(network, dtype, reduction)


def _draw_sizes(rng: np.random.Generator) -> tuple[int, ...]:
    """Hidden layers of one width in half of the networks, of any widths in the others."""
    depth = int(rng.integers(0, _DEEPEST + 1))
    widths = rng.choice(_SHALLOW if depth < 5 else _DEEP, depth).tolist()
    if rng.random() < 0.5:
        widths = widths[:1] * depth
    return int(rng.choice(_INPUTS)), *widths, int(rng.choice(_OUTPUTS))


def _draw_biases(rng: np.random.Generator, sizes: tuple[int, ...]) -> tuple[bool, ...]:
    """Every layer in half of the cases, none in a quarter, any in the others."""
    share = rng.choice((1, 1, 0, 0.5))
    biases = tuple(bool(one < share) for one in rng.random(len(sizes) - 1))
    return () if all(biases) else biases


def draw_network(rng: np.random.Generator, program: Program) -> RandomNetwork:
    """Draws weights and samples, of any size that the dtype has."""
    network, dtype = program.network, program.dtype
    least, most = (-6, 4) if dtype == np.float16 else (-38, 0)  # powers of 10 of inputs
    scale = 10 ** rng.uniform(max(-14, least), np.log10(40))
    scale = scale if rng.random() < 0.3 else 10 ** rng.uniform(-2, 1)
    inputs = 10 ** rng.uniform(least, most) if rng.random() < 0.3 else 1.0
    init = str(rng.choice(("torch", "normal")))
    drawn = init_params(rng, network.layer_sizes, init=init, dtype=np.float64)
    params = tuple(Layer(*((leaf * scale).astype(dtype) for leaf in layer)) for layer in drawn)
    x = (_draw_inputs(rng, program) * inputs).astype(dtype)
    labels = _draw_labels(rng, x, Labels(network.output, network.loss, network.layer_sizes[-1]))
    params = tuple(
        Layer(w, b if network.has_bias(i) else np.zeros_like(b)) for i, (w, b) in enumerate(params)
    )
    return RandomNetwork(params, Batch(x, labels), network)


def _draw_inputs(rng: np.random.Generator, program: Program) -> np.ndarray:
    """From 0 to 1 in half of the cases; of either sign, or with zeros, in a quarter each."""
    shape = program.reduction.size, program.network.layer_sizes[0]
    kind = rng.integers(4)
    drawn = rng.standard_normal(shape) if kind == 0 else rng.random(shape)
    return np.where(rng.random(shape) < 0.3, 0.0, drawn) if kind == 1 else drawn


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
