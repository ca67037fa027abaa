"""One matrix that holds all numbers of an answer: a row for every entry, a column for every sample.

Its rows are the entries of w1 (in_out, row by row), b1, w2, ..., then of prediction and loss, where
there are any. The arrays of the answer are views of it, so that one number of all samples lies side
by side, and two answers are compared in one pass. Shape letters: E entries, N samples.
"""

import itertools
import math
from collections.abc import Mapping

import numpy as np

from compare.problem.answers import Answer, arrays_of, with_arrays
from compare.problem.network import Network
from jaxmlp.base import Layer

_ALIGNMENT = 64  # bytes: XLA takes such memory without a copy
_PARTS = 16  # in which two are compared, as most differ in the first of them


def pack(answer: Answer) -> Answer:
    """Returns the same answer in a matrix; itself, where it is in one already.

    Where its arrays have several dtypes there is none, and each alone has its samples last.
    """
    if matrix_of(answer) is not None:
        return answer
    arrays = arrays_of(answer)
    shapes = [_turned(array).shape for array in arrays]
    if all(array.dtype == answer.dtype for array in arrays):
        views = _views(_aligned(sum(map(math.prod, shapes)), answer.dtype), shapes)
    else:
        views = [np.empty(_turned(array).shape, array.dtype) for array in arrays]
    for view, array in zip(views, arrays, strict=True):
        view[...] = _turned(array)
    return with_arrays(answer, list(map(_samples_first, views)))


def answer_in(matrix: np.ndarray, network: Network) -> Answer:
    """Returns the answer whose gradients, prediction and loss are the rows of a matrix [E, N]."""
    n, shapes = matrix.shape[-1], []
    for i, (n_in, n_out) in enumerate(itertools.pairwise(network.layer_sizes)):
        shapes += [(n_in, n_out, n), (n_out if network.has_bias(i) else 0, n)]
    views = _views(matrix.reshape(-1), [*shapes, (network.layer_sizes[-1], n), (n,)])
    *grads, prediction, loss = map(_samples_first, views)
    layers = zip(grads[::2], grads[1::2], strict=True)
    return Answer(tuple(itertools.starmap(Layer, layers)), prediction, loss)


def matrix_of(answer: Answer) -> np.ndarray | None:
    """Returns the matrix [E, N] that an answer is in, which is contiguous; None if it is in none.

    It looks at where the arrays are, so it is right whatever was done to the answer.
    """
    arrays = [array for array in arrays_of(answer) if array.size]
    memory = arrays[0].base if arrays else None
    if not isinstance(memory, np.ndarray) or not memory.flags.c_contiguous:
        return None
    n, first = len(arrays[0]), _address(arrays[0])
    at = first
    for array in arrays:
        is_next = array.base is memory and _address(array) == at and len(array) == n
        if not is_next or array.dtype != answer.dtype or not _turned(array).flags.c_contiguous:
            return None
        at += array.nbytes
    start = _address(memory)
    numbers = memory.reshape(-1).view(np.uint8)[first - start : at - start]
    return numbers.view(answer.dtype).reshape(-1, n)


def row_ranges(answer: Answer) -> dict[str, range]:
    """Returns which rows of its matrix hold w1, b1, ..., prediction and loss.

    Rows of w1 are [n_in, n_out], row by row. A layer without a bias has none.
    """
    names = [f"{kind}{i}" for i in range(1, len(answer.grads) + 1) for kind in "wb"]
    names += ["prediction"] * (answer.prediction is not None) + ["loss"] * (answer.loss is not None)
    ends = itertools.accumulate((math.prod(one.shape[1:]) for one in arrays_of(answer)), initial=0)
    rows = dict(zip(names, itertools.starmap(range, itertools.pairwise(ends)), strict=True))
    return {name: its for name, its in rows.items() if its}


def share(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Returns the answers in matrices, those that are the same to the last bit as one object."""
    shared: dict[str, Answer] = {}
    for name, answer in answers.items():
        packed = pack(answer)
        twins = (one for one in shared.values() if _same_bits(packed, one))
        shared[name] = next(twins, packed)
    return shared


def _same_bits(a: Answer, b: Answer) -> bool:
    if a.printed is not None or b.printed is not None:
        return False  # which hides bits
    if row_ranges(a) != row_ranges(b):
        return False
    ours, theirs = matrix_of(a), matrix_of(b)
    if ours is not None and theirs is not None:
        return _same_numbers(ours, theirs)
    return all(itertools.starmap(_same_numbers, zip(arrays_of(a), arrays_of(b), strict=True)))


def _same_numbers(p: np.ndarray, q: np.ndarray) -> bool:
    """Whether both have the same bits, read as integers, a few rows at a time."""
    if p.dtype != q.dtype or p.shape != q.shape:
        return False
    ours, theirs = (one.view(f"i{one.itemsize}") for one in (p, q))
    step = max(1, len(p) // _PARTS)
    cuts = (slice(i, i + step) for i in range(0, len(p), step))
    return all(np.array_equal(ours[cut], theirs[cut]) for cut in cuts)


def _aligned(size: int, dtype: np.dtype) -> np.ndarray:
    memory = np.empty(size * dtype.itemsize + _ALIGNMENT, np.uint8)
    return memory[-_address(memory) % _ALIGNMENT :][: size * dtype.itemsize].view(dtype)


def _views(numbers: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Cuts arrays of these shapes out of one, one behind the other."""
    ends = itertools.accumulate(map(math.prod, shapes), initial=0)
    cuts = itertools.starmap(slice, itertools.pairwise(ends))
    return [numbers[cut].reshape(shape) for cut, shape in zip(cuts, shapes, strict=True)]


def _turned(array: np.ndarray) -> np.ndarray:
    """Views [N, ...] as [..., N]."""
    return array.transpose(*range(1, array.ndim), 0)


def _samples_first(array: np.ndarray) -> np.ndarray:
    """Views [..., N] as [N, ...]."""
    return array.transpose(array.ndim - 1, *range(array.ndim - 1))


def _address(array: np.ndarray) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
