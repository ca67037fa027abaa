"""A problem made of arrays that a user has in memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError, shown
from compare.formats.conversion import ARGUMENTS, convert
from compare.formats.read.data import Samples, check_shapes, rows_of
from compare.formats.read.params import check_finite, find_params
from compare.problem.array_likes import array_of, items_of
from compare.problem.labels import Labels
from compare.problem.memory import check_array, check_network
from compare.problem.network import uniform_network
from compare.problem.problem import Problem, Problems, check_biases, problems_of
from compare.problem.samples import stored_batches
from jaxmlp.base import Params, layer_sizes

_MOST_LAYERS = 10_000  # the longest list that is read; no framework differentiates as many


def layers_from_objects(params: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Reads (w, b) of every layer from what a user has.

    Args:
      params: a list of (w, b), anything that `array_of` reads.

    Raises:
      UsageError: for anything else.
    """
    if isinstance(params, str | bytes | Mapping) or not hasattr(type(params), "__len__"):
        raise UsageError(
            "params: expected a list of (w, b), or a torch.nn.Module such as MLP(), got "
            f"{shown(params)}"
        )
    layers = items_of("params", params, expected="a list of (w, b)", at_most=_MOST_LAYERS)
    if not layers:
        raise UsageError("params: expected at least one layer (w, b), got none")
    return [_layer(i, layer) for i, layer in enumerate(layers, start=1)]


def _layer(i: int, layer: Any) -> tuple[np.ndarray, np.ndarray]:
    expected = f"(w, b) for layer {i}"
    if isinstance(layer, str | bytes | Mapping):
        hint = "; pass its weight and its bias in this order" if isinstance(layer, Mapping) else ""
        raise UsageError(f"params: expected {expected}, got {shown(layer)}{hint}")
    pair = items_of("params", layer, expected=expected, at_most=_MOST_LAYERS)
    if len(pair) != 2:
        raise UsageError(f"params: expected {expected}, got {len(pair)} items")
    return array_of(f"params: w{i}", pair[0]), array_of(f"params: b{i}", pair[1])


def problems_from_arrays(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    x: Any,
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
) -> Problems:
    """Copies a user's arrays into a problem, or several where their layout is not known.

    Args:
      layers: (w, b) a layer, w in `layout`.
      x: [N, d], anything that `array_of` reads.
      y: [N, k], or [N] of one output or of classes; None for labels that fit the loss.
      activation: of the hidden layers, one name for all or several between commas.
      loss: of a sample.
      output: the output activation.
      l2: lambda of lambda / 2 |w|^2.
      bias: 'all' or 'none', which layers have one.
      layout: 'in_out' or 'out_in'; None for either.
      dtype: to compute in.
      cast: whether to round what dtype does not have; else that is an error.

    Raises:
      UsageError: if shapes do not fit, a weight is not finite, a number does not exist in dtype, or
        the network does not fit into memory.
    """
    check_network(sum(w.size + b.size for w, b in layers))

    def take(name: str, array: np.ndarray) -> np.ndarray:
        check_array(name, array.shape, dtype)
        return convert(array, dtype, where=name, cast=cast, remedies=ARGUMENTS)

    def take_weight(name: str, array: np.ndarray) -> np.ndarray:
        weight = take(name, array)
        check_finite(weight, name)
        return weight

    named: dict[str, np.ndarray] = {}
    for i, (w, b) in enumerate(layers, start=1):
        named |= {
            f"w{i}": take_weight(f"params: w{i}", w),
            f"b{i}": take_weight(f"params: b{i}", b),
        }
    read = find_params(named, layout=layout, where="params")
    inputs = take("x", array_of("x", x))
    labels = None if y is None else take("y", array_of("y", y))

    def make(weights: Params) -> Problem:
        sizes = layer_sizes(weights)
        network = uniform_network(sizes, activation, loss=loss, output=output, l2=l2, bias=bias)
        check_biases(network, weights, None)
        of_loss = Labels(network.output, loss, sizes[-1])
        check_shapes(
            inputs.shape,
            None if labels is None else labels.shape,
            n_inputs=sizes[0],
            n_outputs=sizes[-1],
            where="samples",
            classes=of_loss.are_classes,
        )
        samples = Samples(rows_of(inputs), None if labels is None else rows_of(labels))
        batches = stored_batches(samples, of_loss, "samples")
        return Problem(weights, network, len(inputs), batches)

    return problems_of(read, layout, make)
