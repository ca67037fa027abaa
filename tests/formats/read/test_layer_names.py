"""Names as people give them, and the layers that they say."""

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.layer_names import order_layers


def orders(names, *, ordering="kept"):
    """Every order of the layers, as names of arrays."""
    given = {name: np.zeros(2) for name in names}
    found = order_layers(given, where="file", ordering=ordering)
    return [[n for layer in one for n in layer.arrays] for one in found.candidates()]


def of(*layers):
    return [f"{layer}{kind}" for layer in layers for kind in (".w", ".b")]


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
    "keystr": "['params']['Dense_0']['kernel'] ['params']['Dense_0']['bias'] "
    "['params']['Dense_1']['kernel'] ['params']['Dense_1']['bias']",
    "keystr_of_equinox": ".layers[0].weight .layers[0].bias .layers[1].weight .layers[1].bias",
    "keystr_of_nnx": "['l1']['kernel'].value ['l1']['bias'].value ['l2']['kernel'].value "
    "['l2']['bias'].value",
    "keystr_of_haiku": "['mlp/~/linear']['w'] ['mlp/~/linear']['b'] ['mlp/~/linear_1']['w'] "
    "['mlp/~/linear_1']['b']",
    "keystr_below_a_name": "grads[0].w grads[0].b grads[1].w grads[1].b",
    "keystr_of_two_lists": "['w'][0] ['b'][0] ['w'][1] ['b'][1]",
    "keras": "dense_1/kernel:0 dense_1/bias:0 dense_2/kernel:0 dense_2/bias:0",
    "haiku": "mlp/~/linear/w mlp/~/linear/b mlp/~/linear_1/w mlp/~/linear_1/b",
    "keras_3": "dense/kernel dense/bias dense_1/kernel dense_1/bias dense_2/kernel dense_2/bias",
    "no_biases": "0.weight 2.weight 4.weight",
    "some_biases": "fc1.weight fc2.weight fc2.bias fc3.weight",
    "words": "hidden_w hidden_b output_w output_b",
    "words_with_dots": "hidden.weight hidden.bias output.weight output.bias",
    "a_number_too_long_for_int": f"w1 b1 w{'9' * 5000} b{'9' * 5000}",
    "more_than_ten": " ".join(f"w{i} b{i}" for i in range(1, 13)),
}


@pytest.mark.parametrize("style", STYLES)
def test_styles(style):
    names = STYLES[style].split()
    assert orders(names)[0] == names


WORDS = {"words", "words_with_dots"}


@pytest.mark.parametrize("style", sorted({*STYLES} - WORDS - {"a_number_too_long_for_int"}))
def test_numbers_say_the_order_whatever_the_file_says(style):
    names = STYLES[style].split()
    found = orders(sorted(names, reverse=True))
    assert found[0] == names
    assert len(found) == (2 if style in ("flax", "keystr") else 1)


def test_words_are_in_the_order_of_the_file_or_of_the_alphabet():
    names = of("input", "hidden", "output")
    assert orders(names) == [names, of("hidden", "input", "output")]


def test_the_order_of_a_module_is_not_doubted():
    names = of("decoder", "encoder", "hidden")
    assert orders(names, ordering="chosen") == [names]


def test_sorted_words_may_be_in_any_order():
    names = of("decoder", "encoder", "hidden")
    found = orders(names)
    assert found[0] == names
    assert of("encoder", "hidden", "decoder") in found
    assert len(found) == len({tuple(one) for one in found}) == 6


def test_words_with_numbers_go_by_these_among_themselves():
    found = orders(sorted(of("input", "middle.1", "middle.2", "last")), ordering="sorted")
    assert of("input", "middle.1", "middle.2", "last") in found
    assert len(found) == 12


def test_a_file_that_sorts_says_nothing_of_the_order():
    names = of("b", "a")
    assert orders(names, ordering="sorted")[0] == of("a", "b")


def test_too_many_layers_for_every_order():
    assert len(orders(of(*"stuvwxyz"))) == 1


def test_layers_that_flax_has_numbered_may_stand_in_any_order():
    names = [f"Dense_{i}/{kind}" for i in range(3) for kind in ("kernel", "bias")]
    found = orders(names)
    assert found[:2] == [names, [*names[4:], *names[2:4], *names[:2]]]
    assert len(found) == 6
    own = [name.replace("Dense_", "dense_") for name in names]
    assert orders(own) == [own]


BAD = {
    "nothing": [],
    "missing_weight": ["w1", "b1", "b2"],
    "batch_norm": ["bn.weight", "bn.bias", "bn.running_mean"],
    "two_weights": ["w1", "W1", "b1"],
    "weight_and_kernel": ["a.weight", "a.kernel", "a.bias"],
    "zeros_that_collide": ["w1", "w01", "b1", "b01"],
    "no_kind": ["a", "b"],
    "kind_within_a_word": ["raw", "blob"],
    "numbers_that_differ": ["w1", "b2"],
    "a_bias_alone": ["b" + "1" * 5000],
    "an_empty_name": [""],
    "a_line_break": ["w\n1"],
}


@pytest.mark.parametrize("case", BAD)
def test_names_that_do_not_pair_up_are_all_listed(case):
    given = {name: np.zeros((2, i)) for i, name in enumerate(BAD[case])}
    with pytest.raises(UsageError, match=r"w1 b1 w2 b2 or fc1\.weight fc1\.bias; found ") as caught:
        order_layers(given, where="file")
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith("file: ")
    for i, name in enumerate(BAD[case]):
        assert f"{name if name.isprintable() and name else repr(name)} [2, {i}]" in said


def test_of_many_arrays_the_first_are_listed():
    given = {f"array {i}": np.zeros(1) for i in range(10_000)}
    with pytest.raises(UsageError, match=r"array 19 \[1\], and 9,980 more$"):
        order_layers(given, where="file")
