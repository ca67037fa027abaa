"""When the numbers of two files agree, disagree, or are undecided."""

import contextlib
import re

import numpy as np
import pytest
import torch

from compare import files
from compare.errors import UsageError
from tests.support.dumps import dump, gradients, printed

VERDICTS = {
    "equal": ("1.5 2.5", "1.5 2.5", 0),
    "5_digits": ("1.00000 2", "1.00004 2", 0),
    "not_5_digits": ("1.00000 2", "1.00006 2", 2),
    "half_a_unit_is_of_the_larger": ("100000", "99999.6", 0),
    "opposite_signs": ("1", "-1", 2),
    "signed_zero": ("0.0 1.5", "-0.0 1.5", 0),
    "nothing_but_a_zero": ("0.0", "-0.0", 3),
    "a_zero_in_full": ("0.0e0", "-0.0e0", 0),
    "decade": ("[9.000000]", "[8.999600]", 2),
    "nearly_the_next_decade": ("[9.000000]", "[8.999960]", 0),
    "one_digit": ("0.5", "0.5", 3),
    "one_digit_that_contradicts": ("0.5", "0.3", 2),
    "all_zero_in_print": ("w 0.00 0.00\nb 1.25", "w 0.00 -0.00\nb 1.25", 3),
    "zeros_in_print_that_contradict": ("w 0.00 0.00\nb 1.25", "w 0.00 0.30\nb 1.25", 2),
    "zeros_in_print_beside_zeros_in_full": ("w 0.00 0.00\nb 1.25", "w 0.0e0 0.0e0\nb 1.25", 3),
    "zeros_in_print_and_numbers": ("w 0.00 0.52\nb 1.25", "w 0.00 0.52\nb 1.25", 0),
    "zeros_in_print_in_one_list": ("w 0.00 0.00\nb 1.25", "[0.00, 0.00, 1.25]", 3),
    "names_of_parameters": ("dL/dW1\n0.12 0.34\ndL/db1\n0.56", "b1 0.56\nW1 0.12 0.34", 0),
    "zero_and_small": ("0.0e0 1", "1e-300 1", 2),
    "huge_of_opposite_signs": ("1.7e308", "-1.7e308", 2),
    "subnormals": ("1e-320", "3e-320", 2),
    "nan_on_both_sides": ("nan 1", "nan 1", 3),
    "nan_first_in_a_row": ("nan 1.5", "nan 1.5", 3),
    "inf_on_both_sides": ("1 inf", "1 inf", 3),
    "nan_on_one_side": ("nan 1", "0 1", 2),
    "inf_on_one_side": ("1 1", "inf 1", 2),
    "inf_of_opposite_signs": ("inf 1", "-inf 1", 2),
    "nan_and_inf": ("nan 1", "inf 1", 2),
    "nan_on_both_sides_and_a_difference": ("nan 1", "nan 2", 2),
    "all_nan": ("nan", "nan", 3),
    "one_number_in_other_words": ("loss: 0.53", "tensor(0.5300, grad_fn=<MeanBackward0>)", 0),
    "arrays_in_other_words": ("w [[1.5, 2], [3, 4]]", "array([[1.5, 2.],\n       [3. , 4.]])", 0),
    "line_ends": ("1 2\r\n3 4\r\n", "1 2\n3 4\n", 0),
    "by_name": ("{'w': [1, 2], 'b': [3, 4]}", "{'b': [3, 4], 'w': [1, 2]}", 0),
    "by_order_where_names_differ": ("w: [1, 2]\nb: [3, 4]", "x: [1, 2]\ny: [3, 4]", 0),
    "by_order_where_names_repeat": ("w [1]\nb [2]\nw [3]", "w [1]\nb [2]\nw [3]", 0),
    "by_order_where_one_has_none": ("w: [1]\nb: [2]", "[1]\n[2]", 0),
    "by_size_where_order_says_nothing": (
        "[[1.5, 2.5], [3.5, 4.5]]\n[5.5, 6.5]",
        "[5.5, 6.5]\n[[1.5, 2.5], [3.5, 4.5]]",
        0,
    ),
    "by_size_and_not_the_same": (
        "[[1.5, 2.5], [3.5, 4.5]]\n[5.5, 6.5]",
        "[5.5, 6.5]\n[[1.5, 2.5], [3.5, 4.7]]",
        2,
    ),
    "split_otherwise_in_one_order": ("[1.5, 2.5]\n[3.5]", "[1.5]\n[2.5, 3.5]", 0),
    "once_a_sample": ("w 0.12\nb 0.34\nw 0.56\nb 0.78", "w 0.12\nw 0.56\nb 0.34\nb 0.78", 0),
    "by_size_where_one_has_none": (
        "w: [[1.5, 2], [3, 4]]\nb: [5.5, 6]",
        "[5.5, 6]\n[1.5, 2, 3, 4]",
        0,
    ),
    "by_size_and_in_turn": ("[1.5, 2]\n[3.5]\n[4.5, 5]", "[3.5]\n[1.5, 2]\n[4.5, 5]", 0),
    "by_shape_if_sizes_repeat": (
        "[[1.5], [2]]\n[3.5, 4]\n[5.5]",
        "[5.5]\n[3.5, 4]\n[[1.5], [2]]",
        0,
    ),
    "by_size_and_not_equal": ("[1.5, 2]\n[3.5]\n[4.5, 5]", "[3.5]\n[4.5, 5]\n[1.5, 2]", 2),
    "by_order_is_order": ("w: [1]\nb: [2]", "[2]\n[1]", 2),
    "jax_by_name": (
        "w = Array([1., 2.5], dtype=float32)\nb = Array([3., 4.], dtype=float32)",
        "b = Array([3., 4.], dtype=float32)\nw = Array([1., 2.5], dtype=float32)",
        0,
    ),
    "dumps": (dump(), dump(), 0),
    "dumps_of_other_layouts": (dump(), dump(layout="out_in"), 0),
    "dumps_of_other_dtypes": (dump(), dump(dtype=np.float64), 0),
    "dump_and_print": (dump(samples=1), printed(), 0),
    "print_and_dump": (printed(), dump(samples=1), 0),
    "dump_and_print_of_flat_matrices": (dump(samples=1), printed(flat=("w1", "w2")), 0),
    "dump_and_one_list": (
        dump(sizes=(2, 2), samples=1, parts="w"),
        printed(sizes=(2, 2), flat=("w1",)).splitlines()[0],
        0,
    ),
}


@pytest.mark.parametrize(("a", "b", "status"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts_either_way_around(compare, a, b, status):
    words = {0: "✓ agree: ", 2: "✗ disagree: ", 3: "? undecided: "}
    for left, right in ((a, b), (b, a)):
        found, out = compare(left, right)
        assert found == status
        assert out.startswith(words[status])


AS_PRINTED = {
    "4_decimals": ("0.0012 0.5000", "0.00123456 0.5", "agree: all 2 .*digits, or .* \\(2 of them"),
    "one_digit_more": ("0.0012 0.5000", "0.00126 0.5", "disagree: 1 of 2 .* not agree to 5 .*"),
    "both_round": ("0.0012 0.5000", "0.0013 0.5000", "agree: .* \\(2 of them"),
    "a_whole_unit_of_each": ("0.12 0.5", "0.13 0.50", "agree: .* \\(2 of them"),
    "more_than_a_unit_of_each": ("0.12 0.5", "0.131 0.50", "disagree: 1 of 2 "),
    "zeros_of_4_decimals": ("tensor([0.0000, 0.5000])", "4.9e-05 0.5", "agree: .* \\(2 of them"),
    "zeros_of_5_digits": ("tensor([0.0000e+00, 5.0000e-01])", "4.9e-05 0.5", "disagree: 1 of 2 "),
    "trimmed_by_numpy": ("[0. 0.5 0.12345678]", "4e-9 0.5 0.123456784", "agree: .* \\(1 of them"),
    "trimmed_zeros_count": ("[0. 0.5 0.12345678]", "6e-9 0.5 0.12345678", "disagree: 1 of 3 "),
    "some_of_each": (
        "0.0012 0.5000 0.2",
        "0.00123456 0.5 0.3",
        "disagree: 1 of 3 .* digits; 2 agree only as far as they are printed",
    ),
    "not_finite": ("0.0012 nan", "0.00123 nan", "undecided: 1 of 2 .*; 1 agrees only as far as"),
    "integers_are_exact": ("1 2 3", "1 2 4", "disagree: 1 of 3 "),
    "integers_that_may_be_rounded": ("0 -1 12", "0.3 -1.2 12.4", "agree: .*[(]3 of them"),
    "integers_that_no_rounding_explains": ("0 1 2", "0.3 1.2 2.6", "disagree: 1 of 3 "),
    "rounded_to_integers": ("-0 1 2", "0.3 1.2 2.4", "undecided: .* 1 of 3 numbers print"),
    "floats_that_are_whole": ("[1. 2. 3.5]", "[1. 2. 4.5]", "disagree: 1 of 3 "),
    "floats_that_may_be_whole": ("[1. 2. 3.]", "[1. 2. 4.]", "undecided: array 1 cannot be "),
    "floats_of_precision_0": ("[1. -2. 0.]", "1.49 -1.6 0.2", "undecided: array 1 cannot be "),
    "floats_of_precision_0_and_others": ("[1. -2. 0.]", "1.49 -1.4 0.2", "disagree: 1 of 3 "),
    "zeros_and_ones": ("tensor([0., 0.])", "tensor([1., 1.])", "disagree: 2 of 2 "),
    "inf_and_a_number": ("inf 0.5", "0.1 0.5", "disagree: 1 of 2 "),
    "flat": ("w: [[0.12, 0.34], [0.56, 0.78]]", "w: [0.123, 0.341, 0.562, 0.784]", "agree: .*4 of"),
    "scalar": ("tensor(0.0012)", "loss: 0.00123456", "agree: .*, or as far as it is"),
    "by_name": ("{'w': [0.10], 'b': [0.12]}", "{'b': [0.1234], 'w': [0.104]}", "agree: .*2 of"),
    "split_otherwise": ("0.1 0.123\n0.12 0.1 0.2", "0.103 0.123 0.124 0.1 0.2", "disagree: 1 of 5"),
    "split_otherwise_and_near": (
        "0.1234 0.5678\n0.12\n0.13\n0.14",
        "0.12341 0.56784 0.124 0.126 0.14",
        "agree: .*5 of",
    ),
    "dump_and_4_decimals": (dump(samples=1), printed(decimals=4), "agree: all 13 .*of them"),
    "dump_and_another_print": (
        dump(samples=1),
        printed(decimals=4).replace("0.3", "0.4"),
        "disagree: ",
    ),
}


@pytest.mark.parametrize(("a", "b", "sentence"), AS_PRINTED.values(), ids=AS_PRINTED)
def test_numbers_agree_as_far_as_they_are_printed(compare, a, b, sentence):
    for left, right in ((a, b), (b, a)):
        assert re.match(f". {sentence}", compare(left, right)[1])


@pytest.mark.parametrize(("digits", "status"), [(1, 0), (5, 0), (7, 0), (8, 2), (17, 2)])
def test_digits_set_the_rule(compare, digits, status):
    assert compare("1.00000006 2", "1.00000000 2", f"--digits={digits}")[0] == status


@pytest.mark.parametrize("digits", [18, 100, 308, 309, 400, 10**10, 10**30])
def test_very_many_digits_are_no_traceback(compare, digits):
    with contextlib.suppress(UsageError):
        assert compare("1 2.5", "1 2.5", f"--digits={digits}")[0] == 0


ODD = {
    "dates": "2024-01-02 1",
    "label_and_date": "date: 2024-01-02",
    "versions": "1.5.5 1",
    "sums": "1+2 3",
    "ranges": "[1-2, 3]",
    "units": "50% 3",
    "nul": b"1 2\x003",
    "byte_order_mark": b"\xef\xbb\xbf1 2 3",
    "old_line_ends": "1 2\r3 4\r",
    "form_feed": "1 2\f3 4",
    "unicode_digits": "\N{ARABIC-INDIC DIGIT ONE} 2",
    "unicode_names": "\N{GREEK SMALL LETTER DELTA}1: 0.5 0.6",
    "nested_33_deep": f"{'[' * 33}1{']' * 33}",
    "nested_100_deep": f"{'[' * 100}1{']' * 100}",
    "brackets_the_wrong_way": "]1, 2[",
    "one_bracket_too_many": "[1, 2]]",
    "very_long_integer": "1" * 5000,
    "very_large_exponent": "1e999999999 -1e999999999 1e-999999999",
    "dump_header_in_the_middle": f"1 2\n{dump()}",
    "only_the_start_of_a_header": "# gradients of ",
    "dump_of_an_unknown_dtype": dump().replace("float32", "float80"),
    "dump_of_half_precision": dump().replace("float32", "float16"),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_odd_files_are_judged_or_refused_without_a_traceback(compare, text):
    for other in (text, "1 2"):
        with contextlib.suppress(UsageError):
            status, out = compare(text, other)
            assert out.startswith(("✓ agree: ", "✗ disagree: ", "? undecided: "))
            assert status in ((0, 3) if other == text else (0, 2, 3))


def test_a_file_agrees_with_itself(tmp_path, capsys):
    (tmp_path / "a.dat").write_text(dump())
    assert files.main(["compare.files", *[str(tmp_path / "a.dat")] * 2]) == 0
    assert "Digits that agree, by |a-b|: 17." in capsys.readouterr().out


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
def test_matrices_named_by_hand_in_a_file_of_torch_are_taken_as_they_fit(tmp_path, capsys, layout):
    (tmp_path / "a.dat").write_text(dump())
    arrays = gradients()
    if layout == "out_in":
        arrays = {k: v.swapaxes(-1, -2) if k[0] == "w" else v for k, v in arrays.items()}
    torch.save({k: torch.tensor(v) for k, v in arrays.items()}, tmp_path / "b.pt")
    assert files.main(["compare.files", f"{tmp_path}/a.dat", f"{tmp_path}/b.pt"]) == 0
    assert ("transposed" in capsys.readouterr().out) == (layout == "out_in")
