"""Names as people give them, and the layers that they say."""

import itertools

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.layer_names import find_layers


def arrays(*names, sizes=None):
    """Weights and biases of a chain 2-3-4-5 or of these sizes, under these names in this order."""
    sizes = sizes or range(2, 3 + len(names) // 2)
    shapes = [shape for i, o in itertools.pairwise(sizes) for shape in ((i, o), (o,))]
    return {name: np.zeros(shape) for name, shape in zip(names, shapes, strict=True)}


def chain(layers):
    return all(a[0].shape[-1] == b[0].shape[-2] for a, b in itertools.pairwise(layers))


def find(given, *, layout="in_out", fits=chain, **options):
    """The names of the arrays that are found, in order."""
    found = find_layers(given, layout=layout, where="file", fits=fits, **options)
    name = {id(array): key for key, array in given.items()}
    return [name[id(array)] for layer in found for array in layer]


STYLES = {
    "torch": "fc1.weight fc1.bias fc2.weight fc2.bias",
    "sequential": "0.weight 0.bias 2.weight 2.bias",
    "nested": "dense.0.weight dense.0.bias dense.1.weight dense.1.bias",
    "module_list": "layers.2.weight layers.2.bias layers.10.weight layers.10.bias",
    "data_parallel": "module.fc1.weight module.fc1.bias module.fc2.weight module.fc2.bias",
    "ours": "w1 b1 w2 b2",
    "capitals": "W1 b1 W2 b2",
    "from_0": "W0 B0 W1 B1",
    "leading_zeros": "w01 b1 w02 b2",
    "number_after": "weight_1 bias_1 weight_2 bias_2",
    "plural": "weights1 biases1 weights2 biases2",
    "flax": "params/Dense_0/kernel params/Dense_0/bias params/Dense_1/kernel params/Dense_1/bias",
    "keras": "dense_1/kernel:0 dense_1/bias:0 dense_2/kernel:0 dense_2/bias:0",
    "words": "hidden_w hidden_b output_w output_b",
    "words_with_dots": "hidden.weight hidden.bias output.weight output.bias",
    "a_number_too_long_for_int": f"w1 b1 w{'9' * 5000} b{'9' * 5000}",
    "more_than_ten": " ".join(f"w{i} b{i}" for i in range(1, 13)),
}


@pytest.mark.parametrize("style", STYLES)
def test_styles(style):
    names = STYLES[style].split()
    assert find(arrays(*names)) == names


@pytest.mark.parametrize(
    "style", sorted({*STYLES} - {"words", "words_with_dots", "a_number_too_long_for_int"})
)
def test_numbers_say_the_order_whatever_the_file_or_the_shapes_say(style):
    names = STYLES[style].split()
    given = arrays(*names)
    shuffled = {name: given[name] for name in sorted(names, reverse=True)}
    assert find(shuffled, fits=None) == names


def test_words_may_be_in_the_order_of_the_file():
    names = ["input.w", "input.b", "hidden.w", "hidden.b", "output.w", "output.b"]
    assert find(arrays(*names)) == names


def test_words_may_be_in_the_order_of_the_alphabet():
    names = ["fc1.w", "fc1.b", "fc2.w", "fc2.b", "out.w", "out.b"]
    given = arrays(*names)
    assert find(dict(reversed(given.items()))) == names


def test_words_that_fit_both_ways_are_ambiguous():
    given = arrays("input.w", "input.b", "hidden.w", "hidden.b", sizes=(3, 3, 3))
    with pytest.raises(UsageError, match=r"more than one order.*found input.w \[3, 3\], input.b"):
        find(given)
    assert len(find(dict(sorted(given.items())))) == 4  # the file's order is the alphabet's


def test_words_that_fit_in_no_order_come_as_in_the_file():
    given = arrays("z.w", "z.b", "a.w", "a.b")
    assert find(given, fits=lambda layers: False) == [*given]


def test_words_out_of_a_sorted_file_may_be_in_any_order():
    layers = ("input", "middle.1", "middle.2", "last")
    names = [f"{layer}.{kind}" for layer in layers for kind in "wb"]
    given = arrays(*names, sizes=(2, 5, 5, 5, 1))
    assert find(dict(sorted(given.items())), ordered=False) == names
    square = arrays("a.w", "a.b", "b.w", "b.b", sizes=(3, 3, 3))
    with pytest.raises(UsageError, match="more than one order"):
        find(square, ordered=False)
    many = arrays(*(f"{c}.{kind}" for c in "stuvwxyz" for kind in "wb"))
    with pytest.raises(UsageError, match="more than one order"):
        find(many, ordered=False)


def test_a_kernel_is_in_out_whatever_the_layout_is():
    given = {"dense/kernel": np.zeros((7, 2, 3)), "dense/bias": np.zeros((7, 3))}
    for layout, shape in (("in_out", (7, 2, 3)), ("out_in", (7, 3, 2))):
        ((w, _),) = find_layers(given, layout=layout, where="file", fits=chain)
        assert w.shape == shape
    ((w, _),) = find_layers(arrays("w", "b"), layout="out_in", where="file", fits=chain)
    assert w.shape == (2, 3)


BAD = {
    "nothing": [],
    "missing_bias": ["fc1.weight", "fc1.bias", "fc2.weight"],
    "missing_weight": ["w1", "b1", "b2"],
    "batch_norm": ["bn.weight", "bn.bias", "bn.running_mean"],
    "two_weights": ["w1", "W1", "b1"],
    "weight_and_kernel": ["a.weight", "a.kernel", "a.bias"],
    "zeros_that_collide": ["w1", "w01", "b1", "b01"],
    "no_kind": ["a", "b"],
    "kind_within_a_word": ["raw", "blob"],
    "numbers_that_differ": ["w1", "b2"],
    "a_number_too_long_for_int": ["w" + "1" * 5000],
    "an_empty_name": [""],
    "a_line_break": ["w\n1"],
}


@pytest.mark.parametrize("case", BAD)
def test_names_that_do_not_pair_up_are_all_listed(case):
    given = {name: np.zeros((2, i)) for i, name in enumerate(BAD[case])}
    with pytest.raises(UsageError, match=r"w1 b1 w2 b2 or fc1\.weight fc1\.bias; found ") as caught:
        find(given)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("file: ")
    for i, name in enumerate(BAD[case]):
        assert f"{name if name.isprintable() and name else repr(name)} [2, {i}]" in said
