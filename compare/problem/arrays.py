"""A problem made of arrays that a user has in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.formats.conversion import ARGUMENTS, convert
from compare.formats.read.data import Samples, check_shapes, rows_of
from compare.formats.read.params import check_finite, find_params
from compare.problem.array_likes import array_of
from compare.problem.given_params import GivenParams
from compare.problem.labels import Labels
from compare.problem.memory import check_array, check_network
from compare.problem.network import make_network
from compare.problem.problem import Problem, Problems, check_biases, problems_of
from compare.problem.samples import Batches, random_batches, stored_batches
from jaxmlp.base import Params, layer_sizes


def problems_from_arrays(
    given: GivenParams,
    x: Any = None,
    y: Any = None,
    *,
    activation: str,
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
    bias: str = "all",
    layout: str | None,
    dtype: np.dtype,
    cast: bool = False,
    samples: int = 0,
    seed: int = 0,
) -> Problems:
    """Copies a user's arrays into a problem, or several where their layout is not known.

    Args:
      given: weights and biases, w in `layout` if nothing else is known of it.
      x: [N, d], anything that `array_of` reads; None for samples from U[0,1].
      y: [N, k], or [N] of one output or of classes; None for labels that fit the loss.
      activation: of the hidden layers, one name for all or several between commas.
      loss: of a sample.
      output: the output activation.
      l2: lambda of lambda / 2 |w|^2.
      bias: 'all' or 'none', which layers have one.
      layout: 'in_out' or 'out_in'; None for either.
      dtype: to compute in.
      cast: whether to round what dtype does not have; else that is an error.
      samples: how many are drawn.
      seed: of what is drawn.

    Raises:
      UsageError: if shapes do not fit, a weight is not finite, a number does not exist in dtype, or
        the network does not fit into memory.
    """
    check_network(sum(array.size for array in given.named.values()))

    def take(name: str, array: np.ndarray) -> np.ndarray:
        check_array(name, array.shape, dtype)
        return convert(array, dtype, where=name, cast=cast, remedies=ARGUMENTS)

    def take_weight(name: str, array: np.ndarray) -> np.ndarray:
        weight = take(name, array)
        check_finite(weight, name)
        return weight

    named = {name: take_weight(f"params: {name}", one) for name, one in given.named.items()}
    read = find_params(named, layout=given.layout or layout, where="params")
    read = read._replace(by_format=given.layout is not None)
    inputs = None if x is None else take("x", array_of("x", x))
    labels = None if y is None else take("y", array_of("y", y))

    def make(weights: Params) -> Problem:
        sizes = layer_sizes(weights)
        network = make_network(sizes, activation, loss=loss, output=output, l2=l2, bias=bias)
        check_biases(network, weights, None)
        of_loss = Labels(network.output, loss, sizes[-1], seed)
        if inputs is None:
            drawn = random_batches(seed, sizes[0], of_loss, dtype)
            return Problem(weights, network, samples, drawn)
        batches = _given_batches(inputs, labels, of_loss, sizes)
        return Problem(weights, network, len(inputs), batches)

    return problems_of(read, layout, make)


def _given_batches(
    inputs: np.ndarray, labels: np.ndarray | None, of_loss: Labels, sizes: Sequence[int]
) -> Batches:
    """Returns a user's samples as batches.

    Raises:
      UsageError: if they do not fit a network of these sizes.
    """
    check_shapes(
        inputs.shape,
        None if labels is None else labels.shape,
        n_inputs=sizes[0],
        n_outputs=sizes[-1],
        where="x and y",
        classes=of_loss.are_classes,
    )
    stored = Samples(rows_of(inputs), None if labels is None else rows_of(labels))
    return stored_batches(stored, of_loss, "samples")
