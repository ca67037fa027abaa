"""What people bring for arrays: read if it is one, refused with a reason if not."""

import array
import collections

import jax
import numpy as np
import pytest
import torch

from compare.errors import UsageError
from compare.problem.array_likes import array_of

ROWS = [[0.5, 1.0], [2.0, 3.0]]
EXPECTED = np.array(ROWS)

LIKE = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "deque": collections.deque(ROWS),
    "arrays in a list": [np.array(row) for row in ROWS],
    "torch": torch.tensor(ROWS, requires_grad=True),
    "tensors in a list": [torch.tensor(row) for row in ROWS],
    "jax": jax.numpy.asarray(ROWS),
    "memoryview": memoryview(EXPECTED),
    "array.array": [array.array("d", row) for row in ROWS],
    "a mask that hides nothing": np.ma.array(ROWS),
}


@pytest.mark.parametrize("kind", LIKE)
def test_arrays_are_read(kind):
    np.testing.assert_array_equal(array_of("x", LIKE[kind]), EXPECTED)


def test_ranges_and_numbers_are_read():
    assert array_of("x", [range(2), range(2, 4)]).tolist() == [[0, 1], [2, 3]]
    assert array_of("x", 2.5).tolist() == 2.5


NOT = {
    "masked": (np.ma.masked_less(EXPECTED, 1), "masked entries, which are no numbers; .*filled"),
    "masked rows": ([EXPECTED[0], np.ma.masked_less(EXPECTED[1], 3)], "masked entries"),
    "the masked constant": ([[0.5, np.ma.masked]], "masked entries"),
    "ragged": ([[1.0], [1.0, 2.0]], "inhomogeneous"),
    "sparse": (torch.eye(2).to_sparse(), "to_dense"),
    "meta": (torch.empty(2, 2, device="meta"), "no data"),
    "text": ("1 2", "got '1 2'"),
    "generator": ((row for row in ROWS), "got generator; pass an array"),
}


@pytest.mark.parametrize("kind", NOT)
def test_what_is_no_array_is_refused(kind):
    values, said = NOT[kind]
    with pytest.raises(UsageError, match=f"^x: expected an array of numbers: .*{said}"):
        array_of("x", values)
