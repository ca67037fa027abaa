"""The ways in which a file of gradients may be read: which there are, and which there are not."""

import json

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.gradients.by_count import parameter_orders, readings_in_any_order
from compare.formats.read.gradients.expected import expect_gradients
from compare.formats.read.gradients.files import read_gradients
from compare.formats.read.numbers import NamedArray, join
from jaxmlp import Layer
from tests.support.gradient_files import F32, named, network


def readings(folder, text, sizes=(2, 3, 1), *, n=1, layout=None, layers=()):
    path = folder / "g.txt"
    path.write_text(text)
    expected = expect_gradients(network(sizes, n)[0], n, "g.txt")
    found = read_gradients(str(path), expected, F32).readings(expected, layout, layers)
    return [(" ".join(one.order), one.layout) for one in found]


W1, B1, W2, B2 = "[[1.0, 2, 3], [4, 5, 6]]", "[1.0, 2, 3]", "[[1.0], [2], [3]]", "[1.0]"
TURNED = "[[1.0, 4], [2, 5], [3, 6]]"


def test_the_order_that_most_shapes_speak_for_is_the_first(tmp_path):
    found = readings(tmp_path, f"[{TURNED}, {B1}, [[1.0, 2, 3]], {B2}]")
    assert found == [("w1 b1 w2 b2", "out_in"), ("w1 w2 b1 b2", "out_in")]
    found = readings(tmp_path, f"[{B1}, {W1}, {B2}, {W2}]")
    assert found[0] == ("b1 w1 b2 w2", "in_out")
    found = readings(tmp_path, f"[{B2}, {W2}, {B1}, {W1}]")
    assert found[0] == ("b2 w2 b1 w1", "in_out")


def test_both_layouts_are_possible_where_all_is_square_and_nobody_has_said_one(tmp_path):
    square = "[[1.0, 2], [3, 4]]\n[1.0, 2]\n"
    assert readings(tmp_path, square, (2, 2))[:2] == [("w1 b1", "in_out"), ("w1 b1", "out_in")]
    assert readings(tmp_path, square, (2, 2), layout="out_in") == [("w1 b1", "out_in")]
    assert readings(tmp_path, "[[1.0]]\n[1.0]\n", (1, 1))[0] == ("w1 b1", "in_out")


def test_names_that_say_it_are_never_read_otherwise(tmp_path):
    said = f"w1: {W1}\nb1: {B1}\nw2: {W2}\nb2: {B2}\n"
    assert readings(tmp_path, said) == [("w1 b1 w2 b2", "in_out")]
    square = "b: [1.0, 2]\nW: [[1.0, 2], [3, 4]]\n"
    assert readings(tmp_path, square, (2, 2), layout="in_out") == [("b1 w1", "in_out")]
    kernel = "{'Dense_0': {'bias': [1.0, 2], 'kernel': [[1.0, 2], [3, 4]]}}"
    assert readings(tmp_path, kernel, (2, 2), layout="out_in") == [("b1 w1", "in_out")]


@pytest.mark.parametrize("words", [True, False])
def test_layers_that_words_or_subscripts_number_are_never_read_otherwise(tmp_path, words):
    first, second = (
        (f"layer {i} weights:\n[[1.0]]\nlayer {i} biases:\n[1.0]\n" for i in (1, 2))
        if words
        else (f"w{digit} [[1.0]]\nb{digit} [1.0]\n" for digit in "\u2081\u2082")
    )
    assert readings(tmp_path, second + first, (1, 1, 1)) == [("w2 b2 w1 b1", "in_out")]


def test_what_is_called_a_bias_is_none_of_the_weights(tmp_path):
    arrays = ("[1.0]", "[[1.0]]") * 2
    text = "\n".join(f"{name} = {array}" for name, array in zip(("bias", "kernel") * 2, arrays))  # noqa: B905
    orders = [order for order, _ in readings(tmp_path, text, (1, 1, 1))]
    assert orders == ["b1 w1 b2 w2", "b2 w2 b1 w1"]


def test_the_layers_of_the_weights_are_those_of_gradients_with_their_names(tmp_path):
    text = "".join(f"{name}.w: [[1.0]]\n{name}.b: [1.0]\n" for name in ("in", "mid", "out"))
    assert len(readings(tmp_path, text, (1, 1, 1, 1))) == 6
    layers = ("mid", "out", "in")
    found = readings(tmp_path, text, (1, 1, 1, 1), layers=layers)
    assert found == [("w3 b3 w1 b1 w2 b2", "in_out")]


FLAT = " ".join(["1.5"] * 13)
WHOLE = {
    "a row": FLAT,
    "a vector": f"[{FLAT.replace(' ', ', ')}]",
    "rows": "1.5 1.5 1.5\n" * 3 + "1.5\n" * 4,
    "rows of a matrix": "[1.0, 2, 3]\n[4.0, 5, 6]\n" + "\n".join((B1, W2, B2)),
}


@pytest.mark.parametrize("case", WHOLE)
def test_all_numbers_may_come_as_one_row_a_sample(tmp_path, case):
    assert readings(tmp_path, WHOLE[case])[0][0] == "w1 b1 w2 b2"


CUT = {
    "two parameters in one": f"[[1.0, 2, 3], [4, 5, 6], [1.0, 2, 3]]\n{W2}\n{B2}",
    "a part of one": "[1.0, 2, 3, 4, 5, 6, 7]\n[1.0, 2]\n" + f"{W2}\n{B2}",
    "tensors": "tensor([1., 2., 3., 4.]) tensor([1., 2., 3., 4., 5.]) tensor([1., 2., 3., 4.])",
    "named": f"x: [1.0, 2, 3, 4]\ny: [1.0, 2, 3, 4, 5]\nz: {W2}\nt: {B2}",
}


@pytest.mark.parametrize("case", CUT)
def test_no_array_is_cut_within_its_brackets(tmp_path, case):
    with pytest.raises(UsageError, match="whose borders fit no order of the parameters"):
        readings(tmp_path, CUT[case])


def test_what_numpy_calls_arr_0_has_no_name(tmp_path):
    params, _, grads = network()
    leaves = list(named(grads).values())
    np.savez(tmp_path / "g.npz", *leaves[::-1])
    expected = expect_gradients(params, 3, "g.npz")
    file = read_gradients(str(tmp_path / "g.npz"), expected, F32)
    (first, *_) = file.readings(expected, None)
    assert first.order == ("b2", "w2", "b1", "w1")
    given = file.take(first, expected).grads
    np.testing.assert_array_equal(given[0].w, grads[0].w)


@pytest.mark.parametrize("layers", [1, 2, 3, 6])
def test_orders_of_parameters_are_told_once_and_have_all_of_them(layers):
    found = list(parameter_orders((True,) * layers))
    assert len(set(found)) == len(found)
    assert {tuple(sorted(one)) for one in found} == {tuple(sorted(found[0]))}
    assert len(found[0]) == 2 * layers


def test_far_more_than_there_should_be_is_not_read(tmp_path, monkeypatch):
    params, _, grads = network()
    np.savez(tmp_path / "g.npz", **named(grads), more=np.zeros(1000, F32))
    monkeypatch.setattr(np.lib.format, "read_array", lambda *_, **__: pytest.fail("it was read"))
    expected = expect_gradients(params, 3, "--gradients g.npz")
    with pytest.raises(UsageError, match="expected 39 numbers, got 1,039 in 5 arrays"):
        read_gradients(str(tmp_path / "g.npz"), expected, F32)


@pytest.mark.parametrize("sizes", [(2, 3, 1), (2, 3, 3, 1), (3,) * 9, (1,) * 6])
@pytest.mark.parametrize("whole", [False, True])
def test_any_order_is_found_by_what_is_near(sizes, whole):
    params, _, grads = network(sizes, 2)
    expected = expect_gradients(params, 2, "g.txt")
    leaves = [leaf for layer in grads for leaf in layer]
    order = np.random.default_rng(3).permutation(len(leaves))
    arrays = [NamedArray(None, 1.1 * leaves[i]) for i in order]
    if whole:
        rows = [array.values.reshape(2, -1) for array in arrays]
        arrays = [NamedArray(None, np.concatenate(rows, axis=1))]
    found = readings_in_any_order(arrays, expected, "in_out", grads)
    assert found[0].order == tuple(expected.names[i] for i in order)
    assert len(found) <= 48
    far = [array.map(lambda values: -values) for array in arrays]
    assert not readings_in_any_order(far, expected, "in_out", grads)


@pytest.mark.parametrize("whole", [False, True])
def test_parameters_that_nothing_tells_apart_end_the_search(whole):
    params, _, grads = network((3,) * 9, 1)
    expected = expect_gradients(params, 1, "g.txt")
    zeros = tuple(Layer(0 * w, 0 * b) for w, b in grads)
    arrays = [NamedArray(None, leaf) for layer in zeros for leaf in layer]
    found = readings_in_any_order([join(arrays)] if whole else arrays, expected, None, zeros)
    assert 0 < len(found) <= 48


def without(grads, biases):
    leaves = {k: v for k, v in named(grads).items() if k[0] == "w" or biases[int(k[1:]) - 1]}
    return leaves, [
        Layer(w, b if has else 0 * b) for (w, b), has in zip(grads, biases, strict=True)
    ]


@pytest.mark.parametrize("biases", [(True, False), (False, True), (False, False)])
@pytest.mark.parametrize("form", ["npz", "json", "null", "list", "any order"])
def test_layers_without_a_bias_have_no_gradient_of_it(tmp_path, form, biases):
    params, _, grads = network(n=2)
    leaves, right = without(grads, biases)
    lists = {name: leaf.tolist() for name, leaf in leaves.items()}
    path = tmp_path / ("g.npz" if form == "npz" else "g.json")
    if form == "npz":
        np.savez(path, **leaves)
    elif form == "null":
        path.write_text(json.dumps({**dict.fromkeys(named(grads)), **lists}))
    else:
        path.write_text(json.dumps(lists if form == "json" else list(lists.values())))
    expected = expect_gradients(params, 2, "g", biases)
    file = read_gradients(str(path), expected, F32)
    readings = file.readings(expected, "in_out")
    if form == "any order":
        readings = readings_in_any_order(file.arrays, expected, "in_out", grads)
    assert readings[0].order == tuple(leaves)
    for found, layer in zip(file.take(readings[0], expected).grads, right, strict=True):
        for leaf, other in zip(found, layer, strict=True):
            np.testing.assert_array_equal(leaf, other)


@pytest.mark.parametrize(
    ("has", "said"),
    [
        (
            (True, False),
            r"the gradient of a bias in layer 2, as in the network, found w1 \[3, 2, 3\]",
        ),
        ((True, True), r"the gradient of no bias in layer 2, found w1 \[3, 2, 3\], b1 .*b2"),
    ],
)
def test_the_gradient_of_a_bias_that_should_not_be_or_is_missing(tmp_path, has, said):
    params, _, grads = network()
    np.savez(tmp_path / "g.npz", **without(grads, has)[0])
    expected = expect_gradients(params, 3, "g.npz", (True, not has[1]))
    with pytest.raises(UsageError, match=said):
        read_gradients(str(tmp_path / "g.npz"), expected, F32).readings(expected, None)
