"""What is said of two files that differ: the relation that explains every number."""

import re

import ml_dtypes
import numpy as np
import pytest

from compare import files
from tests.support.dumps import dump, gradients
from tests.support.sentences import joined

PER_SAMPLE = gradients((3, 4, 4, 1), samples=6)
ONE = {name: array[0] for name, array in PER_SAMPLE.items()}
SQUARE = gradients((4, 4, 4), samples=1)
ORDER = [3, 0, 5, 1, 4, 2]


@pytest.fixture
def explain(tmp_path, capsys):
    """Saves arrays and compares them; returns what is said after the verdict."""

    def run(first, second, *flags):
        for name, arrays in (("a.npz", first), ("b.npz", second)):
            np.savez(tmp_path / name, **arrays)
        status = files.main(["x", *flags, *(str(tmp_path / name) for name in ("a.npz", "b.npz"))])
        said = joined(capsys.readouterr().out).splitlines()[0]
        assert (status, said.partition(":")[0]) == (2, "✗ disagree")
        return said.partition(" significant digits")[2].lstrip(". ")

    return run


def each(change, arrays=ONE):
    return {name: change(array) for name, array in arrays.items()}


def transpose(array):
    return np.swapaxes(array, -1, -2) if array.ndim > 1 else array


def in_bfloat16(array):
    return array.astype(ml_dtypes.bfloat16).astype(np.float32)


OF_FILES = {
    "half": (each(lambda v: v / 2), "To 5 digits, the second is half of the first."),
    "twice": (each(lambda v: v * 2), "To 5 digits, the second is twice the first."),
    "sign": (each(np.negative), "To 5 digits, the second is the negative of the first."),
    "rate": (
        each(lambda v: v * np.float32(0.01)),
        "To 5 digits, the second is 0.01 times the first.",
    ),
    "update": (each(lambda v: -0.1 * v), "To 5 digits, the second is -0.1 times the first."),
    "third": (each(lambda v: v / 3), "To 5 digits, the second is 1/3 of the first."),
    "eight": (each(lambda v: v * 8), "To 5 digits, the second is 8 times the first."),
    "clipped": (
        each(lambda v: v / 3.7234567),
        "To 5 digits, the second is 0.268568 times the first.",
    ),
    "constant": (each(lambda v: v + 0.1), "To 5 digits, the second is the first plus 0.1."),
    "less": (each(lambda v: v - 2), "To 5 digits, the second is the first minus 2."),
    "absolute": (each(np.abs), "To 5 digits, the second is the absolute value of the first."),
    "transposed": (each(transpose), "To 5 digits, the second is the first transposed."),
    "transposed_half": (
        each(lambda v: transpose(v) / 2),
        "To 5 digits, the second is half of the first transposed.",
    ),
    "signs": (
        each(lambda v: np.abs(v) * np.sign(np.cos(np.arange(v.size))).reshape(v.shape)),
        "To 5 digits, the second is the first but for signs.",
    ),
    "zero": (each(np.zeros_like), "The second is 0 everywhere."),
    "bfloat16": (each(in_bfloat16), "The second is the first rounded to bfloat16."),
    "float16": (each(np.float16), "The second is the first rounded to float16."),
    "decimals": (each(lambda v: np.round(v, 3)), "The second is the first rounded to 3 decimals."),
    "significant": (
        each(lambda v: np.vectorize(lambda x: float(f"{x:.3g}"))(v).astype(np.float32)),
        "The second is the first rounded to 3 significant digits.",
    ),
    "four_digits": (
        each(lambda v: v / 2 * (1 + 4e-5 * np.cos(np.arange(v.size)).reshape(v.shape))),
        "To 4 digits, the second is half of the first.",
    ),
}


@pytest.mark.parametrize(("second", "sentence"), OF_FILES.values(), ids=OF_FILES)
def test_one_relation_of_two_files(explain, second, sentence):
    assert explain(ONE, second) == sentence


OF_SAMPLES = {
    "reversed": (
        each(lambda v: v[::-1], PER_SAMPLE),
        "the second is the first with its samples in reverse order",
    ),
    "another_order": (
        each(lambda v: v[ORDER], PER_SAMPLE),
        "the second is the first with its samples in another order",
    ),
    "another_order_negative": (
        each(lambda v: -v[ORDER], PER_SAMPLE),
        "the second is the negative of the first with its samples in another order",
    ),
    "the_one_before": (
        each(lambda v: np.concatenate([v[:1] * 3, v[:-1]]), PER_SAMPLE),
        "sample i of the second is sample i - 1 of the first",
    ),
    "the_one_after": (
        each(lambda v: np.concatenate([v[1:], v[:1] * 3]), PER_SAMPLE),
        "sample i of the second is sample i + 1 of the first",
    ),
    "added_up": (
        each(lambda v: np.cumsum(v, axis=0), PER_SAMPLE),
        "the second is the first added up over the samples",
    ),
    "mean": (each(lambda v: v / 6, PER_SAMPLE), "the second is 1/6 of the first"),
    "transposed": (each(lambda v: transpose(v) if v.ndim > 2 else v, PER_SAMPLE), "transposed"),
}


@pytest.mark.parametrize(("second", "sentence"), OF_SAMPLES.values(), ids=OF_SAMPLES)
def test_relations_of_samples(explain, second, sentence):
    said = explain(PER_SAMPLE, second)
    assert said.startswith("To 5 digits, ")
    assert said.endswith(f"{sentence}.")


def test_what_has_one_direction_is_said_in_it(explain):
    added = each(lambda v: np.cumsum(v, axis=0), PER_SAMPLE)
    assert (
        explain(added, PER_SAMPLE)
        == "To 5 digits, the first is the second added up over the samples."
    )
    assert (
        explain(each(np.abs), ONE) == "To 5 digits, the first is the absolute value of the second."
    )
    assert explain(each(in_bfloat16), ONE) == "The first is the second rounded to bfloat16."
    assert explain({**ONE, "b1": 0 * ONE["b1"]}, ONE) == (
        "b1 of the first is 0 everywhere; all others agree."
    )


OF_ARRAYS = {
    "one": (
        {**ONE, "w2": ONE["w2"].T},
        "To 5 digits, w2 of the second is that of the first transposed; all others agree.",
    ),
    "several": (
        {**ONE, "b1": ONE["b1"] / 2, "b2": ONE["b2"] / 2},
        "To 5 digits, b1 and b2 of the second are half of those of the first; all others agree.",
    ),
    "a_factor_in_every_layer": (
        {name: array * 2.0 ** (4 - int(name[1])) for name, array in ONE.items()},
        "To 5 digits, w1 and b1 of the second are 8 times those of the first; w2 and b2 are 4 "
        "times those; w3 and b3 are twice those.",
    ),
    "two": (
        {**ONE, "w1": np.abs(ONE["w1"]), "w2": ONE["w2"] * 0},
        "To 5 digits, w1 of the second is the absolute value of that of the first; w2 is 0 "
        "everywhere; all others agree.",
    ),
    "some": (
        {**ONE, "w1": ONE["w1"] / 2, "w2": ONE["w2"] + np.cos(np.arange(16.0)).reshape(4, 4)},
        "To 5 digits, w1 of the second is half of that of the first; for w2 no relation was found; "
        "all others agree.",
    ),
    "exchanged": (
        {**ONE, "b1": ONE["b2"], "b2": ONE["b1"]},
        "To 5 digits, the second is the first with b1 and b2 exchanged.",
    ),
    "another_order": (
        {**ONE, "b1": ONE["b2"], "b2": ONE["w3"], "w3": ONE["b1"]},
        "To 5 digits, the second is the first with its arrays in the order w1, b2, w2, w3, b1, b3.",
    ),
    "units": (
        {**ONE, "w1": ONE["w1"][:, ::-1], "b1": ONE["b1"][::-1], "w2": ONE["w2"][::-1]},
        "To 5 digits, w1, b1 and w2 of the second are those of the first with their numbers in "
        "another order; all others agree.",
    ),
}


@pytest.mark.parametrize(("second", "sentence"), OF_ARRAYS.values(), ids=OF_ARRAYS)
def test_relations_of_some_arrays(explain, second, sentence):
    assert explain(ONE, second) == sentence


def test_of_which_file_an_array_is_0_is_said(explain):
    said = explain({**ONE, "w2": ONE["w2"] * 0}, {**ONE, "b1": ONE["b1"] * 0})
    assert (
        said
        == "b1 of the second is 0 everywhere; w2 of the first is 0 everywhere; all others agree."
    )


def test_many_arrays_are_not_all_listed(explain):
    many = {f"w{i}": np.cos(np.arange(3.0) + i) for i in range(1, 13)}
    halves = {name: v / 2 if name != "w1" else v for name, v in many.items()}
    assert "w2, w3, w4, w5, w6, w7, w8, w9 and 3 more of the second are half of" in explain(
        many, halves
    )


W = SQUARE["w1"][0]
ALIKE = {
    "antisymmetric": (
        {"w": W - W.T},
        {"w": W.T - W},
        "To 5 digits, the second is the negative of the first, or the second is the first "
        "transposed: both fit.",
    ),
    "no_positive_number": (
        {"w": -np.abs(W)},
        {"w": np.abs(W)},
        "To 5 digits, the second is the negative of the first, or the second is the absolute value "
        "of the first: both fit.",
    ),
    "symmetric": (
        {"w": W + W.T},
        {"w": (W + W.T) / 2},
        "To 5 digits, the second is half of the first.",
    ),
    "one_number": ({"w": np.array([0.5312])}, {"w": np.array([0.2656])}, ""),
    "one_number_that_is_not_0": (
        {"w": np.array([0.0, 0.5312, 0.0])},
        {"w": np.array([0.0, 0.2656, 0.0])},
        "",
    ),
    "constants_say_little": (
        {"w": np.full(9, 1.5)},
        {"w": np.full(9, 4.5)},
        "",
    ),
    "few_numbers_and_a_factor_near_1": (
        {"w": np.array([1.2345, 2.3456, 3.4567])},
        {"w": 1.0005 * np.array([1.2345, 2.3456, 3.4567])},
        "",
    ),
    "zeros": ({"w": np.zeros((2, 2))}, {"w": np.eye(2)}, "The first is 0 everywhere."),
}


@pytest.mark.parametrize(("first", "second", "sentence"), ALIKE.values(), ids=ALIKE)
def test_no_one_of_two_that_fit_alike(explain, first, second, sentence):
    assert explain(first, second) == sentence


def test_one_number_shows_nothing_however_many_digits_it_has(explain):
    a, b = np.array([0, 0.53125, 0]), np.array([1.25, 0.53125, 0])
    assert explain({"w": a}, {"w": a / 2}, "--digits=17") == ""
    assert explain({"w": b}, {"w": b / 3}, "--digits=17") == ""
    assert "half" in explain({"w": b}, {"w": b / 2}, "--digits=17")


def test_samples_are_not_transposed(explain):
    arrays = gradients((4, 4, 1), samples=4)
    w1, b1 = np.swapaxes(arrays["w1"], 1, 2), arrays["b1"].T
    assert explain(arrays, {**arrays, "w1": w1, "b1": b1}) == (
        "To 5 digits, w1 of the second is that of the first transposed; b1 is that with its "
        "numbers in another order; all others agree."
    )


def but_for_one(arrays):
    changed = {name: array.copy() for name, array in arrays.items()}
    changed["w2"][1, 2] *= 1.5
    return changed


UNRELATED = {
    "other_numbers": {name: 1 / array for name, array in ONE.items()},
    "squares": each(np.square),
    "rounding": each(lambda v: v * (1 + 2e-5 * np.cos(np.arange(v.size)).reshape(v.shape))),
    "nan": {**ONE, "w1": np.where(ONE["w1"] > 1, np.nan, ONE["w1"])},
    "infinities": each(lambda v: np.full_like(v, np.inf)),
    "one_entry": but_for_one(ONE),
    "half_but_for_one": but_for_one(OF_FILES["half"][0]),
    "plus_but_for_one": but_for_one(OF_FILES["constant"][0]),
    "rounded_but_for_one": but_for_one(OF_FILES["bfloat16"][0]),
    "absolute_but_for_one": but_for_one(OF_FILES["absolute"][0]),
    "computed_in_bfloat16": each(lambda v: in_bfloat16(v * 1.006)),
    "truncated": each(lambda v: (v.view(np.uint32) & 0xFFFF0000).view(np.float32)),
}


@pytest.mark.parametrize("second", UNRELATED.values(), ids=UNRELATED)
def test_nothing_is_said_of_all_arrays_where_nothing_fits_all(explain, second):
    said = explain(ONE, second)
    assert not said or "for w2 no relation was found" in said
    assert "the second is" not in said


def test_a_factor_is_told_with_the_digits_that_it_needs(explain):
    assert "is 0.0123 times the first" in explain(ONE, each(lambda v: 0.0123 * v))
    longer = each(lambda v: v.astype(float) * 0.0178654321)
    assert "is 0.0178654 times the first" in explain(ONE, longer)
    assert "is 0.0178654321 times the first" in explain(ONE, longer, "--digits=9")
    assert "is 1/151 of the first" in explain(ONE, each(lambda v: v / 151))


PRINTED = {
    "half": ("w: 1 2\nb: 3", "w: 2 4\nb: 6", "To 5 digits, the second is twice the first."),
    "names_of_parameters": (
        "dL/dW1\n[[0.123, -0.456]]\ndL/db1\n[0.789]",
        "layers.0.bias.grad = [-0.789]\nlayers.0.weight.grad = [[-0.123, 0.456]]",
        "To 5 digits or as far as they are printed, the second is the negative of the first.",
    ),
    "matrix": (
        "w [[1, 2], [3, 4]]\nb 3",
        "w [[1, 3], [2, 4]]\nb 3",
        "To 5 digits, the second is the first transposed.",
    ),
    "two_matrices": (
        "v [[1, 2], [3, 4]]\nw [[1, 2, 3], [4, 5, 6]]",
        "v [[1, 3], [2, 4]]\nw [[1, 4], [2, 5], [3, 6]]",
        "To 5 digits, the second is the first transposed.",
    ),
    "flat": (
        "w [[1.25, 2.25, 3.25], [4.25, 5.25, 6.25]]",
        "w [1.25, 4.25, 2.25, 5.25, 3.25, 6.25]",
        "To 5 digits or as far as they are printed, the second is the first transposed.",
    ),
    "4_decimals": (
        "0.1234 0.5678 0.9101 -0.3456",
        "0.0411 0.1893 0.3034 -0.1152",
        "To 5 digits or as far as they are printed, the second is 1/3 of the first.",
    ),
    "samples": (
        "w 0.123 0.456\nb 0.789\nw 1.123 1.456\nb 1.789\nw 2.123 2.456\nb 2.789",
        "w 1.123 1.456\nb 1.789\nw 2.123 2.456\nb 2.789\nw 0.123 0.456\nb 0.789",
        "To 5 digits or as far as they are printed, the second is the first with its samples in "
        "another order.",
    ),
    "zeros": (
        "w [0.123 0.456]\nb [0.5]",
        "w [0. 0.]\nb [0.5]",
        "w of the second is 0 everywhere, as far as is printed; the other agrees.",
    ),
    "order": (
        "[1.25, 2.25]\n[3.25, 4.25]\n[5.25]",
        "[3.25, 4.25]\n[1.25, 2.25]\n[5.25]",
        "To 5 digits or as far as they are printed, the second is the first with array 1 and array "
        "2 exchanged.",
    ),
    "no_relation": ("1 2 3", "1 2 4", ""),
    "all_but_one": ("1 2 3", "2 4 6.1", ""),
    "a_single_number": ("w: 1\nb: 3", "w: 2\nb: 3", ""),
    "hidden_by_print": ("w 0.01 0.00\nb 3.5", "w 0.02 0.00\nb 4.5", ""),
    "nearly_the_same_digits": (
        "0.14 -0.34 0.56 0.78 0.91 0.23",
        "-0.13 0.34 -0.56 -0.78 -0.91 -0.23",
        "To 5 digits or as far as they are printed, the second is the negative of the first.",
    ),
    "few_digits": ("0.12 0.35", "0.24 0.70", ""),
}


@pytest.mark.parametrize(("a", "b", "sentence"), PRINTED.values(), ids=PRINTED)
def test_relations_of_prints(compare, a, b, sentence):
    status, out = compare(a, b)
    assert status == 2
    assert re.match(rf"✗ disagree: [^.]*\.{re.escape(f' {sentence}' if sentence else '')}\n\n", out)


def test_a_relation_of_dumps(compare):
    def halve(arrays):
        for array in arrays.values():
            array /= 2

    out = compare(dump(), dump(change=halve))[1]
    assert out.splitlines()[0].endswith(" To 5 digits, the second is half of the first.")


def test_nothing_is_said_of_files_that_agree(compare):
    for b in ("1.25 2.5", "1.250001 2.5"):
        said = compare("1.25 2.5", b)[1].splitlines()[0]
        assert said.endswith("digits, or as far as they are printed (2 of them).")
