"""What is put side by side, and that half units of printed digits go where their numbers go."""

import numpy as np
import pytest

from compare.formats.matching import matchings
from compare.formats.parameter_names import plain_name
from compare.formats.read.numbers import NamedArray, Numbers

W = np.arange(6.0).reshape(1, 2, 3)
B = np.arange(6.0, 9.0).reshape(1, 3)


def array(name, values, *, exact=False):
    """An array whose half units can be told by its values."""
    return NamedArray(name, values, None if exact else values / 8)


def numbers(*arrays, layout=None):
    return Numbers("a.txt", arrays, layout)


def swapped(values):
    return np.swapaxes(values, 1, 2)


w, b, exact_w = array("w", W), array("b", B), array("w", W, exact=True)
CASES = {
    "as_they_are": (numbers(w, b), numbers(w, b), 2 / 8),
    "one_exact": (numbers(exact_w), numbers(w), 1 / 8),
    "both_exact": (numbers(exact_w), numbers(exact_w), 0),
    "by_name": (numbers(w, b), numbers(b, w), 2 / 8),
    "other_shapes": (numbers(w), numbers(array("w", W.reshape(-1))), 2 / 8),
    "joined": (
        numbers(w, b),
        numbers(array(None, np.arange(4.0)), array(None, np.arange(4.0, 9.0))),
        2 / 8,
    ),
    "joined_and_exact": (
        numbers(exact_w, b),
        numbers(array(None, np.arange(9.0), exact=True)),
        {"w": 0, "b": 1 / 8},
    ),
    "transposed": (
        numbers(w, layout="in_out"),
        numbers(array("w", swapped(W)), layout="out_in"),
        2 / 8,
    ),
    "transposed_and_exact": (
        numbers(w, layout="in_out"),
        numbers(array("w", swapped(W), exact=True), layout="out_in"),
        1 / 8,
    ),
}


@pytest.mark.parametrize(("left", "right", "share"), CASES.values(), ids=CASES)
def test_half_units_follow_their_numbers(left, right, share):
    for pair in next(matchings(left, right)).pairs:
        np.testing.assert_array_equal(pair.a, pair.b, strict=True)
        here = share[pair.name] if isinstance(share, dict) else share
        np.testing.assert_array_equal(pair.half_units, pair.a * here, strict=True)


NAMES = {
    "capitals": ("W1 b1 W2 b2", "w1 w2 b1 b2"),
    "gradients": ("dL/dW1 dL/db1 dw2 grad_b2", "W2 b2 W1 b1"),
    "torch": ("0.weight 0.bias 2.weight 2.bias", "b1 b2 w1 w2"),
    "torch_grads": ("fc1.weight.grad fc1.bias.grad fc10.weight.grad fc10.bias.grad", "w2 w1 b1 b2"),
    "flax": ("Dense_0/kernel Dense_0/bias Dense_1/kernel Dense_1/bias", "b2 b1 w2 w1"),
}


@pytest.mark.parametrize(("left", "right"), NAMES.values(), ids=NAMES)
def test_arrays_are_matched_by_the_parameters_that_they_name(left, right):
    values = {"w1": W, "b1": B, "w2": 2 * W, "b2": 2 * B}
    mine = [array(name, one) for name, one in zip(left.split(), values.values(), strict=True)]
    theirs = [array(name, values[plain_name(name)]) for name in right.split()]
    for one, other in ((mine, theirs), (theirs, mine)):
        (found,) = matchings(numbers(*one), numbers(*other))
        pairs, notes = found
        assert notes == ()
        assert [pair.name for pair in pairs] == [array.name for array in one]
        for pair in pairs:
            np.testing.assert_array_equal(pair.a, pair.b)


def test_arrays_are_matched_by_plain_names_where_layers_have_words():
    mine = numbers(array("encoder.bias.grad", B), array("out.bias", 2 * B))
    theirs = numbers(array("Out.bias", 2 * B), array("encoder.bias", B))
    for pair in next(matchings(mine, theirs)).pairs:
        np.testing.assert_array_equal(pair.a, pair.b)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("encoder.weight encoder.bias decoder.weight decoder.bias", "w1 b1 w2 b2"),
        pytest.param("w1 b1 w1 b1", "w1 b1 w2 b2"),
        pytest.param("w1 b1 w2", "w1 b1 w3"),
        pytest.param("alpha beta", "beta gamma"),
    ],
)
def test_arrays_are_matched_by_order_where_names_do_not_say(left, right):
    sides = [
        numbers(*(array(name, i * B) for i, name in enumerate(side.split())))
        for side in (left, right)
    ]
    for pair in next(matchings(*sides)).pairs:
        np.testing.assert_array_equal(pair.a, pair.b)


def test_files_that_are_not_split_alike_are_cut_where_either_is():
    whole = array(None, np.concatenate([W.ravel(), B.ravel()]))
    (found,) = matchings(numbers(w, b), numbers(whole))
    pairs, notes = found
    assert [(pair.name, pair.a.shape) for pair in pairs] == [("w", (1, 2, 3)), ("b", (1, 1, 3))]
    assert notes == ("The arrays are not split alike; all numbers are compared in file order.",)


def shapes(found):
    return [(pair.name, pair.a.shape) for pair in found.pairs]


LISTS = {
    "weights_first": ([W, B], [B, W]),
    "as_jax_sorts_them": ([W, B, 2 * W[:, :1], 2 * B[:, :2]], [B, 2 * B[:, :2], W, 2 * W[:, :1]]),
}


@pytest.mark.parametrize(("left", "right"), LISTS.values(), ids=LISTS)
def test_arrays_without_names_may_be_paired_by_size(left, right):
    sides = [numbers(*(array(None, values) for values in side)) for side in (left, right)]
    in_file_order, by_size = matchings(*sides)
    assert in_file_order.notes == (
        "The arrays are not split alike; all numbers are compared in file order.",
    )
    assert by_size.notes == ("Arrays are matched by size, and those of one size in file order.",)
    for pair in by_size.pairs:
        np.testing.assert_array_equal(pair.a, pair.b)


def test_weights_are_paired_with_weights_where_layers_have_other_names():
    w, b = np.arange(4.0).reshape(4, 1), np.arange(4.0, 8.0)
    names = ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    mine = numbers(*map(array, names, (w, b, 2 * w, 2 * b)))
    theirs = numbers(*map(array, ("b1", "b2", "w1", "w2"), (b, 2 * b, w, 2 * w)))
    (found,) = matchings(mine, theirs)
    assert found.notes == ("Arrays are matched by size, and those of one size in file order.",)
    for pair in found.pairs:
        np.testing.assert_array_equal(pair.a, pair.b)


def test_that_arrays_have_other_names_is_noted():
    (found,) = matchings(numbers(array("v", B)), numbers(array("w", B)))
    assert found.notes == ("The arrays have other names; they are compared in file order.",)
    (found,) = matchings(numbers(array("v", B)), numbers(array(None, B)))
    assert found.notes == ()


SAMPLES = {
    "of_weights_and_biases": ([("w1", (5, 2, 3)), ("b1", (5, 3))], 5),
    "of_no_names": ([(None, (5, 2, 3)), (None, (5, 3))], 5),
    "of_one_array": ([(None, (5, 2, 3))], 5),
    "not_of_matrices": ([("w1", (5, 5)), ("b1", (5,))], 1),
    "not_of_square_matrices_and_columns": ([("w1", (5, 5)), ("b1", (5, 1))], 1),
    "not_of_kernels": ([("w1", (5, 5, 5)), ("b1", (5,))], 1),
    "not_of_a_matrix_beside_a_kernel": ([("w1", (5, 5, 5)), ("w2", (5, 5))], 1),
    "not_of_other_counts": ([("w1", (5, 2, 3)), ("b1", (4, 3))], 1),
}


@pytest.mark.parametrize(("arrays", "n"), SAMPLES.values(), ids=SAMPLES)
def test_samples_are_seen_by_the_axes_of_all_arrays(arrays, n):
    side = numbers(*(array(name, np.ones(shape)) for name, shape in arrays))
    (found,) = matchings(side, side)
    assert {len(pair.a) for pair in found.pairs} == {n}


def test_arrays_that_are_printed_once_a_sample_are_stacked():
    mine = numbers(*(array(name, i * B[0]) for i, name in enumerate("wbwbwb", start=1)))
    theirs = numbers(
        *(array("w", i * B[0]) for i in (1, 3, 5)), *(array("b", i * B[0]) for i in (2, 4, 6))
    )
    stored = numbers(array("b", mine_b := np.outer((2, 4, 6), B[0])), array("w", mine_b - B[0]))
    for other in (mine, theirs, stored):
        (found,) = matchings(mine, other)
        assert shapes(found) == [("w", (3, 3)), ("b", (3, 3))]
        for pair in found.pairs:
            np.testing.assert_array_equal(pair.a, pair.b)
    row = numbers(array(None, np.concatenate([i * B[0] for i in range(1, 7)])))
    (found,) = matchings(mine, row)
    for pair in found.pairs:
        np.testing.assert_array_equal(pair.a, pair.b)
