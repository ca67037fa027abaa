"""Random correct networks: every one of their gradients has to be certified, never refuted."""

import functools
import sys
import time
from collections import Counter
from typing import NamedTuple

import jax
import numpy as np
import torch

from compare.evidence import proof
from compare.evidence.proof import Certificate
from compare.problem import default_labels
from compare.readers.printed_digits import half_units
from jaxmlp import ACTIVATIONS, autodiff, backprop, init_params
from jaxmlp.base import Batch, Evaluation, Grads, Layer, Params
from torch_ref import MLP, convert, per_sample_gradients

# Every shape is compiled anew, for each activation and dtype, so there are few: each depth from 1
# to 12 hidden layers three times, with widths, inputs and outputs that go round.
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

    def __str__(self) -> str:
        sizes = (self.params[0].w.shape[0], *(len(layer.b) for layer in self.params))
        return f"{'-'.join(map(str, sizes))} {self.activation} {self.params[0].w.dtype}"


def try_correct_networks(count: int, *, seed: int, printed: bool = False) -> int:
    """Certifies three implementations of so many float32 and a fifth as many float64 networks.

    Depth 1 to 12, width 1 to 300, all activations, weight scales 1e-14 to 40, inputs down to 1e-38.

    Args:
      count: of networks in float32.
      seed: of everything drawn.
      printed: whether to certify what is left of the gradients in print.

    Returns:
      0 if no certificate failed, else 2.
    """
    rng = np.random.default_rng(seed)
    totals: Counter[str] = Counter()
    worst, alarms, started = 0.0, 0, time.monotonic()
    for number in range(count + count // 5):
        network = draw_network(rng, np.dtype(np.float32 if number < count else np.float64))
        for certificate in certificates(network, rng if printed else None):
            totals.update(
                certified=certificate.certified,
                failed=certificate.failed,
                silent=certificate.silent,
                at_kink=certificate.at_kink,
            )
            worst = max(worst, certificate.worst_ratio or 0)
            if certificate.failed:
                alarms += 1
                print(f"{network}: {certificate}", flush=True)
        if number % 500 == 499:
            rate = (number + 1) / (time.monotonic() - started)
            print(f"{number + 1} networks, {rate:.1f} a second", file=sys.stderr, flush=True)
    print(f"{count} float32 and {count // 5} float64 networks, three implementations each:")
    print(", ".join(f"{name} {n:,}" for name, n in totals.items()), "samples")
    print(f"false alarms: {alarms}; largest ratio {worst:.3f}")
    return 2 if alarms else 0


def draw_network(rng: np.random.Generator, dtype: np.dtype) -> RandomNetwork:
    """Draws a network of one of a few shapes."""
    sizes = _SHAPES[rng.integers(len(_SHAPES))]
    d, k = sizes[0], sizes[-1]
    scale = 10 ** rng.uniform(-14, np.log10(40)) if rng.random() < 0.3 else 10 ** rng.uniform(-2, 1)
    inputs = 10 ** rng.uniform(-38, 0) if rng.random() < 0.3 else 1.0
    init = str(rng.choice(("torch", "normal")))
    drawn = init_params(rng, sizes, init=init, dtype=np.float64)
    params = tuple(Layer(*((leaf * scale).astype(dtype) for leaf in layer)) for layer in drawn)
    x = (rng.random((_SAMPLES, d)) * inputs).astype(dtype)
    labels = default_labels(x, k) if rng.random() < 0.5 else rng.random((_SAMPLES, k)).astype(dtype)
    return RandomNetwork(params, Batch(x, labels), str(rng.choice(list(ACTIVATIONS))))


def certificates(
    network: RandomNetwork, printing: np.random.Generator | None = None
) -> list[Certificate]:
    """Certifies the gradients of all three implementations, printed first if so wished."""
    params, batch, activation = network
    with jax.enable_x64(params[0].w.dtype == np.float64):
        found = {
            name: jax.tree.map(np.asarray, _jitted(name, activation)(params, batch))
            for name in ("jax_grad", "jax_manual")
        }
    found["torch_autograd"] = _by_torch(params, batch, activation)
    certified = []
    for name, evaluation in found.items():
        grads, units = evaluation.grads, None
        if printing is not None:
            grads, units = _print(grads, printing)
        one = proof.certify(name, params, *batch, grads, activation=activation, printed=units)
        certified.append(one)
    return certified


def _print(grads: Grads, rng: np.random.Generator) -> tuple[Grads, Grads]:
    """Returns what can be read of gradients printed to a few digits, and half units of the last."""
    shape = f"%.{rng.integers(2, 10)}{rng.choice(['f', 'e'])}"

    def read(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        words = [shape % value for value in array.reshape(-1).tolist()]
        values = np.array(words, np.float64).reshape(array.shape).astype(array.dtype)
        return values, half_units(words).reshape(array.shape)

    both = [[read(leaf) for leaf in layer] for layer in grads]
    return tuple(Layer(*(values for values, _ in layer)) for layer in both), tuple(
        Layer(*(units for _, units in layer)) for layer in both
    )


@functools.cache
def _jitted(name: str, activation: str) -> "jax.stages.Wrapped":
    module = autodiff if name == "jax_grad" else backprop
    evaluate = functools.partial(module.per_sample_gradients, activation=ACTIVATIONS[activation])
    return jax.jit(evaluate)


def _by_torch(params: Params, batch: Batch, activation: str) -> Evaluation:
    sizes = (params[0].w.shape[0], *(len(layer.b) for layer in params))
    model = MLP(sizes, activation=activation, dtype=torch.tensor(params[0].b).dtype)
    convert.load_params(model, params)
    found = per_sample_gradients(model, *(torch.tensor(values) for values in batch))
    prediction, loss = found.prediction.numpy(), found.loss.numpy()
    return Evaluation(prediction, loss, convert.from_tensors(found.grads))
