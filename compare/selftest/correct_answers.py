"""What implementations answer of a random network, in every kind of arithmetic."""

from typing import NamedTuple

import numpy as np

from compare.implementations.base import Computation, Implementation, Settings
from compare.implementations.table import IMPLEMENTATIONS
from compare.problem.answers import Answer, answer_of, without_missing_biases
from compare.problem.blocks import Block
from compare.selftest import reduced_precision
from compare.selftest.random_networks import Kind, RandomNetwork
from compare.selftest.reduced_precision import ReducedPrecision


class Answered(NamedTuple):
    """A network, and what every implementation answers for its samples, which are one block."""

    block: Block
    answers: dict[str, Answer]
    computations: dict[str, Computation]  # by the same names
    implementations: tuple[Implementation, ...]  # those that can be asked for batches too


def answered(
    network: RandomNetwork, kind: Kind, rng: np.random.Generator, *, device: str = "cpu"
) -> Answered:
    """Asks all implementations that can compute in a kind of arithmetic.

    Args:
      network: to evaluate.
      kind: of arithmetic. Products in reduced precision are made in NumPy for the CPU, where no
        library has them; on a GPU both libraries are told to use TF32.
      rng: which draws the ways in which NumPy reduces.
      device: 'cpu' or 'gpu'.
    """
    params, batch, made = network
    in_numpy = kind.factor_bits is not None and device == "cpu"
    settings = Settings("high" if kind.factor_bits and not in_numpy else "highest")
    names = ["jax_manual"] if in_numpy else ["jax_grad", "jax_manual", "torch_autograd"]
    names += ["numpy_manual"] * kind.is_full_precision
    built = [IMPLEMENTATIONS[name](params, made, device, settings) for name in names]
    block = Block(0, batch, batch)
    found = {one.name: one.evaluate(block) for one in built}
    known = {one.name: Computation(one.formula, kind.arithmetic) for one in built}
    if in_numpy and kind.factor_bits is not None:
        known = {one.name: Computation(one.formula) for one in built}
        precision = ReducedPrecision(kind.factor_bits, *map(bool, rng.integers(2, size=2)))
        hidden = made.activations[0] if made.activations else "identity"
        made_so = reduced_precision.evaluate(params, batch, hidden, precision)
        found["reduced"] = answer_of(made_so, len(batch.x))
        known["reduced"] = Computation("backprop", kind.arithmetic)
    answers = {name: without_missing_biases(one, made) for name, one in found.items()}
    return Answered(block, answers, known, tuple(built))
