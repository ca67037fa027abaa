"""JSON: what is read with which names, and what is refused in which words."""

import json

import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.read.text import read_text

W1, B1, W2, B2 = [[1.5, -2, 3e-3]], [0.1, 0.2, 0.3], [[1.0], [2.0], [3.0]], [7]


def read(folder, content, name="g.json"):
    (folder / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return read_text(str(folder / name))


READ = {
    "names": ({"dW1": W1, "db1": B1}, {"dW1": W1, "db1": B1}),
    "layers": (
        {"layer1": {"weight": W1, "bias": B1}, "layer2": {"weight": W2, "bias": B2}},
        {"layer1/weight": W1, "layer1/bias": B1, "layer2/weight": W2, "layer2/bias": B2},
    ),
    "a_list_of_layers": ([{"w": W1, "b": B1}, {"w": W2, "b": B2}],
                         {"0/w": W1, "0/b": B1, "1/w": W2, "1/b": B2}),
    "two_lists": ({"weights": [W1, W2], "biases": [B1, B2]},
                  {"weights/0": W1, "weights/1": W2, "biases/0": B1, "biases/1": B2}),
    "two_lists_of_layers_of_one_size": (
        {"dW": [W1, [[1, 2, 3]] * 3], "db": [B1, B1]},
        {"dW/0": W1, "dW/1": [[1, 2, 3]] * 3, "db/0": B1, "db/1": B1},
    ),
    "an_array_beside_lists": ({"w1": [B1, B1], "history": [[1], [2, 3]]},
                              {"w1": [B1, B1], "history/0": [1], "history/1": [2, 3]}),
    "keystr": ({"['a'][0]": B1}, {"['a'][0]": B1}),
    "notes": ({"name": "run of 3", "bias": True, "none": None, "relu": ["a"], "w": B1}, {"w": B1}),
    "numbers": ({"loss": 0.5, "grads": {"w": B1}}, {"loss": 0.5, "grads/w": B1}),
}  # fmt: skip


@pytest.mark.parametrize(("content", "expected"), READ.values(), ids=READ)
@pytest.mark.parametrize("name", ["g.json", "print.txt"])
def test_arrays_have_the_names_of_their_keys(tmp_path, name, content, expected):
    if name == "print.txt" and isinstance(content, list):
        return  # which is as Python prints it
    found = read(tmp_path, content, name)
    assert list(found.names) == list(expected)
    for array, values in zip(found.arrays, expected.values(), strict=True):
        np.testing.assert_array_equal(array.values, np.array(values, float), strict=True)


@pytest.mark.parametrize("content", [[W1, B1, W2, B2], [[W1, B1], [W2, B2]]])
def test_lists_alone_have_no_names(tmp_path, content):
    found = read(tmp_path, content)
    assert found.names == (None,) * 4
    for array, values in zip(found.arrays, (W1, B1, W2, B2), strict=True):
        np.testing.assert_array_equal(array.values, values)


@pytest.mark.parametrize(
    "content", [[{"w1": B1, "w2": B2}] * 2, '{"w1": [1.0], "w2": [2.0]}\n' * 2]
)
def test_the_objects_of_samples_have_the_same_names(tmp_path, content):
    assert read(tmp_path, content).names == ("w1", "w2") * 2


def test_numbers_are_known_as_far_as_they_are_written(tmp_path):
    (array,) = read(tmp_path, '{"w": [0.125, 0.5, NaN, -Infinity]}').arrays
    assert array.half_units.tolist() == [0.5e-3, 0.5e-3, 0, 0]
    np.testing.assert_array_equal(array.values, [0.125, 0.5, np.nan, -np.inf])


REFUSED = {
    "empty": ("", "no JSON: Expecting value in line 1, column 1"),
    "cut_short": ('{"w": [1.0,\n 2.0', "no JSON: Expecting ',' delimiter in line 2, column 5"),
    "cut_between": ('{"w": [1.0]', "no JSON: Expecting ',' delimiter in line 1, column 12"),
    "words": ("weights", "no JSON"),
    "a_key_twice": ('{"w": [1], "w": [2]}', "no JSON: an object has the key 'w' more than once"),
    "too_deep": ("[" * 100_000, "no JSON: its lists go too deep"),
    "deep": ("[" * 950 + "1" + "]" * 950, "its lists go too deep"),
    "deep_objects": ('{"a":' * 950 + "[1, null]" + "}" * 950, "its lists go too deep|got null"),
    "nine_axes": ("[" * 9 + "1" + "]" * 9, "expected at most 8 axes, got 9"),
    "prints": ({"w": str(np.ones((2, 2)))}, r"got text '\[\[1. 1.\].* in w; save lists of numbers"),
    "a_print_in_a_list": (["array([1, 2])"], r"got text 'array\(\[1, 2\]\)' in 0; save lists"),
    "a_tensor": ({"a": {"w": "torch.tensor([1])"}}, r"got text 'torch\.tensor\(.* in a/w; save"),
    "text_of_numbers": ({"w": ["0.5", "0.25"]}, r"got text '0\.5' in w/0; save"),
    "null": ({"w": [1.0, None]}, "expected numbers in w, got null$"),
    "true": ({"w": [1.0, True]}, "expected numbers in w, got true$"),
    "text": ({"w": [1.0, "a"]}, "expected numbers in w, got \"a\"$"),
    "too_large": ('{"w": [1e999]}', "1e999 is beyond every float64 number"),
    "no_numbers": ({"w": []}, "expected numbers, found none"),
    "5000_digits": (f'{{"w": [{"1" * 5000}]}}', "1111 is beyond every float64 number"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(tmp_path, case):
    content, message = REFUSED[case]
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path / 'g.json'}: ")
    assert len(str(caught.value).removeprefix(str(tmp_path))) < 250
    assert "\n" not in str(caught.value)


def test_what_python_prints_with_such_keys_is_a_print(tmp_path):
    (array,) = read(tmp_path, '{"it\'s": array([1.5])}', "print.txt").arrays
    assert array.values.tolist() == [1.5]
