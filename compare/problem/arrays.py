"""A problem made of arrays that a user has in memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.formats.conversion import ARGUMENTS, convert
from compare.formats.read.data import Samples, check_shapes, rows_of
from compare.formats.read.params import check_finite, find_params
from compare.problem.network import uniform_network
from compare.problem.problem import Problem, Problems, problems_of
from compare.problem.samples import stored_batches
from jaxmlp.base import Params, layer_sizes


def problems_from_arrays(
    params: Sequence[tuple[Any, Any]],
    x: Any,
    y: Any = None,
    *,
    activation: str,
    layout: str | None,
    dtype: np.dtype,
    cast: bool = False,
) -> Problems:
    """Copies a user's arrays into a problem, or several where their layout is not known.

    Args:
      params: (w, b) a layer, anything that numpy.asarray reads or a torch tensor, w in `layout`.
      x: [N, d].
      y: [N, k], or None for the mean of x^2.
      activation: of the hidden layers.
      layout: 'in_out' or 'out_in'; None for either.
      dtype: to compute in.
      cast: whether to round what dtype does not have; else that is an error.

    Raises:
      UsageError: if shapes do not fit, a weight is not finite or a number does not exist in dtype.
    """

    def take(name: str, values: Any) -> np.ndarray:
        try:
            array = np.array(as_numpy(values))
        except (TypeError, ValueError) as error:  # the former as of torch's float8
            raise UsageError(f"{name}: expected an array of numbers: {error}") from None
        return convert(array, dtype, where=name, cast=cast, remedies=ARGUMENTS)

    def take_weight(name: str, values: Any) -> np.ndarray:
        array = take(name, values)
        check_finite(array, f"params: {name}")
        return array

    named: dict[str, np.ndarray] = {}
    for i, layer in enumerate(params, start=1):
        if len(layer) != 2:
            raise UsageError(f"params: expected (w, b) for layer {i}, got {len(layer)} items")
        named |= {f"w{i}": take_weight(f"w{i}", layer[0]), f"b{i}": take_weight(f"b{i}", layer[1])}
    read = find_params(named, layout=layout, where="params")
    x, y = take("x", x), None if y is None else take("y", y)

    def make(weights: Params) -> Problem:
        sizes = layer_sizes(weights)
        check_shapes(
            x.shape,
            None if y is None else y.shape,
            n_inputs=sizes[0],
            n_outputs=sizes[-1],
            where="samples",
        )
        samples = Samples(rows_of(x), None if y is None else rows_of(y))
        batches = stored_batches(samples, sizes[-1])
        return Problem(weights, uniform_network(sizes, activation), len(x), batches)

    return problems_of(read, layout, make)


def as_numpy(values: Any) -> np.ndarray:
    """Returns values as an array, those of a torch parameter too; it may share their memory."""
    if hasattr(values, "detach"):  # torch refuses to convert what requires a gradient
        from torch_ref.convert import to_array  # loads torch, which whoever made values has loaded

        return to_array(values)
    return np.asarray(values)
