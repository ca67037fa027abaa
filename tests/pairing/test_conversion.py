"""What a conversion puts where is found by calling it on random numbers."""

import numpy as np
import pytest

from compare.pairing.conversion import arrangement_of
from compare.pairing.pairs import pair
from tests.pairing.networks import (
    flax_weights,
    is_made,
    recurrent_weights,
    sources_of,
    torch_weights,
)

THEIRS = torch_weights(is_trained=False)


def changed(**weights):
    def convert(theirs):
        own = flax_weights(theirs)
        return own | {name.replace("__", "."): make(theirs) for name, make in weights.items()}

    return convert


def test_a_conversion_is_found_exactly_whatever_the_weights_are():
    found = arrangement_of(flax_weights, THEIRS)
    trained = torch_weights()
    assert is_made(found, trained, flax_weights(trained))
    assert sources_of(found) == sources_of(pair(trained, flax_weights(trained)))
    assert found.findings == found.remarks == found.ties == found.kept == found.unused == ()


def equinox_cell(theirs):
    bias = theirs["rnn.bias_ih_l0"] + theirs["rnn.bias_hh_l0"]
    bias[5:10] -= 1
    weights = {f"cell.weight_{one}": theirs[f"rnn.weight_{one}_l0"] for one in ("ih", "hh")}
    return weights | {"cell.bias": bias, "cell.start": np.ones(3, np.float32)}


def test_a_sum_and_a_constant_are_found():
    found = arrangement_of(equinox_cell, recurrent_weights(4))
    assert found.findings == ()
    assert found.kept == ("cell.start",)
    assert sources_of(found)["cell.bias"] == ("rnn.bias_ih_l0", "rnn.bias_hh_l0")
    ones = {name: np.ones_like(array) for name, array in recurrent_weights(4).items()}
    expected = np.repeat(np.float32([2, 1, 2, 2]), 5)
    np.testing.assert_array_equal(found.arrangements["cell.bias"].of(ones), expected)


@pytest.mark.parametrize(
    ("convert", "kind", "sentence"),
    [
        (
            changed(Dense_0__kernel=lambda theirs: theirs["fc1.weight"] @ theirs["fc2.weight"]),
            "computed",
            "the conversion does not make `Dense_0.kernel` of entries of the weights of the "
            "reference, or of sums of two",
        ),
        (
            changed(Dense_0__kernel=lambda w: np.sort(w["fc1.weight"], axis=None).reshape(16, 16)),
            "computed",
            "the conversion does not make `Dense_0.kernel` of entries of the weights of the "
            "reference, or of sums of two",
        ),
        (
            changed(BatchNorm_0__var=lambda theirs: np.ones(8, np.float32)),
            "not loaded",
            "`BatchNorm_0.var` is 1 everywhere, and `bn1.running_var` is not: it was not loaded",
        ),
        (
            changed(BatchNorm_0__var=lambda theirs: theirs["bn2.running_var"]),
            "loaded twice",
            "`bn2.running_var` of the reference was loaded into both `BatchNorm_1.var` and "
            "`BatchNorm_0.var`, and its `bn1.running_var`, which is of the same shape, nowhere",
        ),
        (
            changed(BatchNorm_0__var=lambda theirs: np.sqrt(theirs["bn1.running_var"])),
            "function",
            "`BatchNorm_0.var` is the square root of `bn1.running_var`",
        ),
        (
            changed(Dense_0__bias=lambda theirs: theirs["fc1.bias"].astype(np.float16)),
            "rounded",
            "`Dense_0.bias` is `fc1.bias` rounded to float16",
        ),
    ],
)
def test_what_a_conversion_does_wrong(convert, kind, sentence):
    (found,) = arrangement_of(convert, THEIRS).findings
    assert (found.kind, found.sentence) == (kind, sentence)


def test_a_conversion_that_changes_what_it_is_given_changes_nothing_of_ours():
    def doubling(theirs):
        theirs["fc1.weight"] *= 2
        return flax_weights(theirs)

    found = arrangement_of(doubling, THEIRS)
    assert found.arrangements["Dense_0.kernel"].factor == 2
