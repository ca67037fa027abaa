"""Gradients as people hand them over: checked, and brought into one form.

Shape letters: N samples, n_in and n_out the two sides of a layer.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from compare.errors import RAISED, UsageError
from compare.formats.conversion import computed_dtype
from compare.formats.layouts import in_layout
from compare.formats.read.gradients.expected import ExpectedGradients, expect_gradients
from compare.formats.read.gradients.shapes import Shape, fit_shape
from compare.formats.reading import Reading
from compare.implementations.user.arrangements import (
    arrangement_words,
    likelier_arrangement,
    taken_arrangement,
)
from compare.implementations.user.layer_pairs import expected_pairs, layer_pairs, real_array
from compare.implementations.user.named_gradients import gradient_of, named_gradients, named_words
from compare.implementations.user.reading_by_name import only_reading, pairs_by_name
from compare.implementations.user.two_lists import likelier
from compare.problem.array_likes import as_numpy, is_array
from jaxmlp.base import Grads, Layer, Params


def read_returned(
    returned: Any,
    params: Params,
    *,
    layout: str,
    n: int | None,
    where: str,
    weights: Reading | None = None,
    updated: bool = False,
    biases: Sequence[bool] = (),
) -> Grads:
    """Checks the gradients of one sample, or of n.

    Args:
      returned: [(dw, db), ...] of NumPy, JAX or torch arrays or lists of numbers, of any shape that
        squeezes to the right one; or these in another arrangement, or by names.
      params: the weights.
      layout: 'in_out' or 'out_in', of dw.
      n: how many samples there are along the first axis; None for one sample without that axis.
      where: who returned it, for errors.
      weights: how the weights were read, if they had names.
      updated: whether these are new weights, and not gradients.
      biases: whether each layer has one, () if all have; where none is, None may stand for it.

    Returns:
      Copies, in_out, all of one dtype: the coarsest there is, and float32, or that of the weights,
      where wider arrays hold nothing but numbers of it. So float32 arithmetic whose results were
      put into arrays of NumPy's default dtype is judged as what it is.

    Raises:
      UsageError: for anything else; another arrangement is named if that has the right shapes.
    """
    shapes = tuple((w.shape if layout == "in_out" else w.shape[::-1], b.shape) for w, b in params)
    wanted = _Wanted(shapes, n, where, updated, tuple(biases) or (True,) * len(params))
    try:
        leaves = _read_pairs(_with_no_biases(returned, wanted), wanted)
    except UsageError as error:
        pairs = taken_arrangement(returned, shapes, n)
        if pairs is None:
            expected = expect_gradients(params, n or 1, where, biases)
            pairs = _named_pairs(returned, wanted, expected, layout, weights)
        if pairs is None:
            words = arrangement_words(returned, shapes, n) or _words_of_names(returned)
            raise (UsageError(f"{error}; {words}") if words else error) from None
        leaves = _read_pairs(pairs, wanted)
    else:
        if len(params) == 2 and not updated:
            leaves = likelier(leaves, returned, lambda pairs: _read_pairs(pairs, wanted), layout)
    leaves[::2] = [in_layout(dw, layout) for dw in leaves[::2]]
    dtype = computed_dtype(leaves, params[0].w.dtype)
    leaves = [leaf.astype(dtype) for leaf in leaves]
    return tuple(Layer(*pair) for pair in zip(leaves[::2], leaves[1::2], strict=True))


def is_loss(returned: Any) -> bool:
    """Whether this is nothing, or one number."""
    if returned is None or isinstance(returned, list | tuple):
        return returned is None
    try:
        return bool(as_numpy(returned).size == 1)
    except RAISED:  # whatever an object of a user's own raises
        return False


class _Wanted(NamedTuple):
    """What is read, and of whom."""

    shapes: tuple[tuple[Shape, Shape], ...]  # of (dw, db) of every layer, in the layout asked for
    n: int | None
    where: str
    updated: bool
    biases: tuple[bool, ...]  # whether each layer has one

    @property
    def names(self) -> tuple[str, str]:
        """What arrays are called."""
        return ("w", "b") if self.updated else ("dw", "db")


def _named_pairs(
    returned: Any,
    wanted: _Wanted,
    expected: ExpectedGradients,
    layout: str,
    weights: Reading | None,
) -> list[tuple[Any, Any]] | None:
    """Returns (dw, db) of every layer by their names; None where there are no such names."""
    parts = [returned]
    if isinstance(returned, list | tuple) and len(returned) == 2:
        parts = [one for one in returned if not is_loss(one)]
    whole = parts[0] if len(parts) == 1 else returned
    named = named_gradients(whole, where=wanted.where, updated=wanted.updated)
    if named is None:
        return None
    reading = only_reading(named, expected, layout, weights)
    return pairs_by_name(named, reading, expected, layout)


def _words_of_names(returned: Any) -> str:
    """Says which names came where none is that of a gradient."""
    words = named_words(returned)
    return words and f"with {words}; by name, gradients are called dW1 db1 dW2 db2, say"


def _read_pairs(returned: Any, wanted: _Wanted) -> list[np.ndarray]:
    """Returns dw1, db1, dw2, ... in expected shapes."""
    shapes, n, where = wanted.shapes, wanted.n, wanted.where
    came, leaves = [], []
    weights = [w for w, _ in shapes]
    pairs = layer_pairs(returned, weights, where, names=wanted.names)
    for i, (pair, expected) in enumerate(zip(pairs, shapes, strict=True), start=1):
        names = [f"{where}: {name}{i}" for name in wanted.names]
        dw, db = pair if wanted.updated else map(gradient_of, pair)
        dw = real_array(dw, names[0])
        if db is None:
            db = _no_bias(i, wanted, dw.dtype)
        arrays = [dw, real_array(db, names[1])]
        came.append((arrays[0].shape, arrays[1].shape))
        leaves += list(map(fit_shape, arrays, expected, (n, n), names))
    likelier = likelier_arrangement(tuple(came), shapes, n)
    if likelier:
        said = expected_pairs(weights, wanted.names)
        raise UsageError(f"{where}: {said}, got these but for axes of 1; {likelier}")
    return leaves


def _no_bias(layer: int, wanted: _Wanted, dtype: np.dtype) -> np.ndarray:
    """Returns zeros for the None of a layer without a bias.

    Raises:
      UsageError: if it has one.
    """
    if wanted.biases[layer - 1]:
        raise UsageError(
            f"{wanted.where}: {wanted.names[1]}{layer}: expected an array of numbers: got None, "
            f"and layer {layer} has a bias; torch leaves .grad None where backward() has not come, "
            "and where no layer has a bias, bias=none says so"
        )
    lead = () if wanted.n is None else (wanted.n,)
    return np.zeros((*lead, *wanted.shapes[layer - 1][1]), dtype)


def _with_no_biases(returned: Any, wanted: _Wanted) -> Any:
    """Returns [(dw, None), ...] for a list of dw, where no layer has a bias."""
    if any(wanted.biases) or not isinstance(returned, list | tuple):
        return returned
    lists = [one for one in returned if not is_loss(one)]
    if len(returned) == 2 and len(lists) == 1 and isinstance(lists[0], list | tuple):
        return _with_no_biases(lists[0], wanted)
    if len(returned) == len(wanted.shapes) and all(map(is_array, returned)):
        return [(dw, None) for dw in returned]
    return returned
