"""`python -m compare.files A B` as a user meets it: verdicts, what is said, and refusals."""

import contextlib
import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from compare import files
from compare.errors import UsageError
from compare.formats.write.dump import COLUMNS, HEADER, text_lines
from tests.support.paths import ROOT


def gradients(sizes=(2, 3, 1), samples=2, dtype=np.float32):
    rng = np.random.default_rng(0)
    found = {}
    for i, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        found[f"w{i}"] = rng.standard_normal((samples, n_in, n_out)).astype(dtype)
        found[f"b{i}"] = rng.standard_normal((samples, n_out)).astype(dtype)
    return found


def dump(sizes=(2, 3, 1), samples=2, layout="in_out", parts="wb", dtype=np.float32, change=None):
    """Returns the text of a dump; `change` may alter its arrays, while they are in_out."""
    arrays = {k: v for k, v in gradients(sizes, samples, dtype).items() if k[0] in parts}
    if change:
        change(arrays)
    if layout == "out_in":
        arrays = {k: np.swapaxes(v, 1, 2) if v.ndim == 3 else v for k, v in arrays.items()}
    network = f"{'-'.join(map(str, sizes))} sigmoid"
    header = HEADER.format(network=network, n=samples, dtype=np.dtype(dtype), layout=layout)
    return "".join([header, "\n", COLUMNS, "\n", *text_lines(0, arrays)])


def printed(sizes=(2, 3, 1), flat=(), decimals=None):
    """Returns the only sample of such a dump as torch would print it."""
    arrays = {name: array[0] for name, array in gradients(sizes, samples=1).items()}
    arrays |= {name: arrays[name].ravel() for name in flat}
    lines = [f"{k}: tensor({v.tolist()}, grad_fn=<TBackward0>)" for k, v in arrays.items()]
    text = "\n".join(lines)
    if decimals is None:
        return text
    return re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.{decimals}f}", text)


@pytest.fixture
def compare(tmp_path, capsys):
    """Writes two files and compares them; returns the exit status and what was printed."""

    def run(a, b, *flags):
        paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
        for path, text in zip(paths, (a, b), strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        status = files.main(["compare.files", *flags, *map(str, paths)])
        out, err = capsys.readouterr()
        assert err == ""
        return status, out

    return run


VERDICTS = {
    "equal": ("1.5 2.5", "1.5 2.5", 0),
    "5_digits": ("1.00000 2", "1.00004 2", 0),
    "not_5_digits": ("1.00000 2", "1.00006 2", 2),
    "half_a_unit_is_of_the_larger": ("100000", "99999.6", 0),
    "opposite_signs": ("1", "-1", 2),
    "signed_zero": ("0.0", "-0.0", 0),
    "zero_and_small": ("0 1", "1e-300 1", 2),
    "huge_of_opposite_signs": ("1.7e308", "-1.7e308", 2),
    "subnormals": ("1e-320", "3e-320", 2),
    "nan_on_both_sides": ("nan 1", "nan 1", 3),
    "nan_first_in_a_row": ("nan 1.5", "nan 1.5", 3),
    "inf_on_both_sides": ("1 inf", "1 inf", 3),
    "too_large_for_a_float": ("1e400 1", "1e400 1", 3),
    "nan_on_one_side": ("nan 1", "0 1", 2),
    "inf_on_one_side": ("1 1", "inf 1", 2),
    "inf_of_opposite_signs": ("inf 1", "-inf 1", 2),
    "nan_and_inf": ("nan 1", "inf 1", 2),
    "nan_on_both_sides_and_a_difference": ("nan 1", "nan 2", 2),
    "all_nan": ("nan", "nan", 3),
    "one_number_in_other_words": ("loss: 0.5", "tensor(0.5000, grad_fn=<MeanBackward0>)", 0),
    "arrays_in_other_words": ("w [[1, 2], [3, 4]]", "array([[1., 2.],\n       [3., 4.]])", 0),
    "line_ends": ("1 2\r\n3 4\r\n", "1 2\n3 4\n", 0),
    "by_name": ("{'w': [1, 2], 'b': [3, 4]}", "{'b': [3, 4], 'w': [1, 2]}", 0),
    "by_order_where_names_differ": ("w: [1, 2]\nb: [3, 4]", "x: [1, 2]\ny: [3, 4]", 0),
    "by_order_where_names_repeat": ("w [1]\nb [2]\nw [3]", "w [1]\nb [2]\nw [3]", 0),
    "by_order_where_one_has_none": ("w: [1]\nb: [2]", "[1]\n[2]", 0),
    "by_order_is_order": ("w: [1]\nb: [2]", "[2]\n[1]", 2),
    "jax_by_name": (
        "w = Array([1., 2.], dtype=float32)\nb = Array([3., 4.], dtype=float32)",
        "b = Array([3., 4.], dtype=float32)\nw = Array([1., 2.], dtype=float32)",
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
    words = {0: "agree: ", 2: "disagree: ", 3: "undecided: "}
    for left, right in ((a, b), (b, a)):
        found, out = compare(left, right)
        assert found == status
        assert out.splitlines()[-1].startswith(words[status])


AS_PRINTED = {
    "4_decimals": ("0.0012 0.5000", "0.00123456 0.5", "agree: all 2 .*digits, or .* \\(1 of them"),
    "one_digit_more": ("0.0012 0.5000", "0.00126 0.5", "disagree: 1 of 2 .* not agree to 5 .*"),
    "both_round": ("0.0012 0.5000", "0.0013 0.5000", "agree: .* \\(1 of them"),
    "a_whole_unit_of_each": ("0.12 0.5", "0.13 0.50", "agree: .* \\(1 of them"),
    "more_than_a_unit_of_each": ("0.12 0.5", "0.131 0.50", "disagree: 1 of 2 "),
    "zeros_of_4_decimals": ("tensor([0.0000, 0.5000])", "4.9e-05 0.5", "agree: .* \\(1 of them"),
    "zeros_of_5_digits": ("tensor([0.0000e+00, 5.0000e-01])", "4.9e-05 0.5", "disagree: 1 of 2 "),
    "trimmed_by_numpy": ("[0. 0.5 0.12345678]", "4e-9 0.5 0.123456784", "agree: .* \\(1 of them"),
    "trimmed_zeros_count": ("[0. 0.5 0.12345678]", "6e-9 0.5 0.12345678", "disagree: 1 of 3 "),
    "some_of_each": (
        "0.0012 0.5000 0.2",
        "0.00123456 0.5 0.3",
        "disagree: 1 of 3 .* digits; 1 agree only as far as they are printed",
    ),
    "not_finite": ("0.0012 nan", "0.00123 nan", "undecided: 1 of 2 .*; 1 agree only as far as"),
    "integers_are_exact": ("1 2 3", "1 2 4", "disagree: 1 of 3 "),
    "floats_that_are_whole": ("[1. 2. 3.]", "[1. 2. 4.]", "disagree: 1 of 3 "),
    "zeros_and_ones": ("tensor([0., 0.])", "tensor([1., 1.])", "disagree: 2 of 2 "),
    "inf_and_a_number": ("inf 0.5", "0.1 0.5", "disagree: 1 of 2 "),
    "flat": ("w: [[0.12, 0.34], [0.56, 0.78]]", "w: [0.123, 0.341, 0.562, 0.784]", "agree: .*4 of"),
    "scalar": ("tensor(0.0012)", "loss: 0.00123456", "agree: .*1 of"),
    "by_name": ("{'w': [0.1], 'b': [0.12]}", "{'b': [0.1234], 'w': [0.14]}", "agree: .*2 of"),
    "split_otherwise": ("0.1 0.123\n0.12 0.1 0.2", "0.103 0.123 0.124 0.1 0.2", "disagree: 1 of 5"),
    "split_otherwise_and_near": (
        "0.1234 0.5678\n0.12\n0.13\n0.14",
        "0.12341 0.56784 0.124 0.126 0.14",
        "agree: .*4 of",
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
        assert re.match(sentence, compare(left, right)[1].splitlines()[-1])


def test_the_first_beyond_is_beyond_its_print_too(compare):
    out = compare("0.0012 0.0034 0.5000", "0.00123456 0.004 0.5")[1]
    assert "First difference: array 1[0], 0.0012 and 0.00123456." in out
    assert "First beyond 5 digits: array 1[1], 0.0034 and 0.004." in out
    out = compare("0.0012 0.5000", "0.00123456 0.5")[1]
    assert "Digits agreed: 2 significant by |a-b|; printed with 5, not all look the same." in out
    assert "First beyond" not in out


def test_dumps_are_exact_and_say_nothing_of_prints(compare):
    out = compare(dump(), dump(change=scale_b2))[1]
    assert out.endswith("\ndisagree: 1 of 26 numbers do not agree to 5 significant digits.\n")
    assert compare(dump(), dump(layout="out_in"))[1].endswith(
        "\nDigits agreed: 17 significant by |a-b|; printed with 5, all look the same.\n"
        "agree: all 26 numbers agree to 5 significant digits.\n"
    )


@pytest.mark.parametrize(("digits", "status"), [(1, 0), (5, 0), (7, 0), (8, 2), (17, 2)])
def test_digits_set_the_rule(compare, digits, status):
    assert compare("1.00000006 2", "1 2", f"--digits={digits}")[0] == status


@pytest.mark.parametrize("digits", [18, 100, 308, 309, 400, 10**10, 10**30])
def test_very_many_digits_are_no_traceback(compare, digits):
    with contextlib.suppress(UsageError):
        assert compare("1 2.5", "1 2.5", f"--digits={digits}")[0] == 0


def scale_b2(arrays):
    arrays["b2"][1] *= 1 + 1e-4


def nudge_and_double(arrays):
    arrays["w1"][0, 1, 2] = np.nextafter(arrays["w1"][0, 1, 2], np.float32(9))
    arrays["w2"][1, 2, 0] *= 2


SAID = {
    "sizes_and_paths": ("1 2\n3 4", "1 2\n3 4", ["a.txt ~ ", "b.txt: 4 numbers", "2x2"]),
    "all_agree": ("1 2", "1 2", ["agree: all 2 numbers agree to 5 significant digits."]),
    "how_many_do_not": ("1 2 3", "1 5 6", ["disagree: 2 of 3 numbers do not agree to 5"]),
    "how_many_are_not_finite": ("nan inf 3", "nan inf 3", ["undecided: 2 of 3 .*not finite"]),
    "place_of_a_difference": ("[[1, 2], [3, 4]]", "[[1, 2], [3, 5]]", [r"\[1,1\], 4 and 5"]),
    "place_in_a_dump": (
        dump(),
        dump(change=scale_b2),
        [r"b2\[0\] of sample 1, ", r"b2 +2x1 .*1\[0\] .* 4\n"],
    ),
    "first_difference_and_first_beyond": (
        dump(),
        dump(change=nudge_and_double),
        [
            r"First difference: w1\[1,2\] of sample 0",
            r"First beyond 5 digits: w2\[2,0\] of sample 1",
        ],
    ),
    "digits_agreed": (
        "1.00004 2",
        "1.00006 2",
        ["Digits agreed: 5 significant.*not all look the same"],
    ),
    "texts_alike": ("1 2", "1.000004 2", ["Digits agreed: 6 significant.*all look the same"]),
    "nan_has_its_place": ("1 nan", "1 2", [r"First difference: .*\[1\], nan and 2"]),
    "equal_nans_are_no_difference": ("nan 1 2", "nan 1 3", [r"First difference: .*\[2\], 2 and 3"]),
    "row_major": (
        "w1: [[1, 2, 3], [4, 5, 6]]",
        "w1: [1, 2, 3, 4, 5, 6]",
        ["w1: 2x3 and 6 are compared in row-major order"],
    ),
    "row_major_of_a_dump": (
        dump(samples=1),
        printed(flat=("w1",)),
        ["w1: .*2x3 and 6 are compared in row-major order"],
    ),
    "row_major_of_a_transposed_print": (
        "[[1, 2], [3, 4], [5, 6]]",
        "[[1, 2, 3], [4, 5, 6]]",
        ["3x2 and 2x3 are compared in row-major order"],
    ),
    "split_otherwise": ("1 2 3\n4 5", "1 2\n3 4 5", ["not split alike.*file order"]),
    "layouts": (dump(), dump(layout="out_in"), [r"b\.txt is out_in; .*transposed to in_out"]),
}


@pytest.mark.parametrize(("a", "b", "patterns"), SAID.values(), ids=SAID)
def test_what_is_said(compare, a, b, patterns):
    out = compare(a, b)[1]
    for pattern in patterns:
        assert re.search(pattern, out)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param("[[1, 2], [3, 4]]", "1 2\n3 4", id="same_shapes"),
        pytest.param("[[1, 2]]", "[1, 2]", id="axes_of_size_1"),
        pytest.param(dump(samples=1), printed(), id="dump_of_one_sample"),
        pytest.param(dump(), dump(), id="dumps"),
    ],
)
def test_nothing_is_noted_where_nothing_was_decided(compare, a, b):
    out = compare(a, b)[1]
    for word in ("row-major", "transposed", "file order"):
        assert word not in out


def test_a_difference_in_a_transposed_dump_is_at_its_place_in_the_first(compare):
    status, out = compare(dump(), dump(layout="out_in", change=nudge_and_double))
    assert status == 2
    assert "First beyond 5 digits: w2[2,0] of sample 1" in out


REFUSED = {
    "nothing_in_it": ("", "1 2", r"a\.txt: expected numbers, found none"),
    "words_only": ("1 2", "hello world", r"b\.txt: expected numbers, found none"),
    "binary": (b"\x00\xff\xfe", "1 2", r"a\.txt: expected text"),
    "cut_short_by_numpy": ("1 2", "[0. 0. ... 0. 0.]", r"b\.txt, line 1: '\.\.\.' .*cut short"),
    "cut_short_by_torch": ("w\ntensor([0.,  ..., 0.])", "1 2", r"a\.txt, line 2: '\.\.\.' .*cut"),
    "other_counts": (
        "1 2 3",
        "[[1, 2]]",
        r"as many numbers.*got 3 in .*a\.txt.* and 2 in .*b\.txt",
    ),
    "other_counts_of_names": (
        "w: [1, 2]\nb: [3]",
        "w: [1, 2]",
        r"got 3 in .*\(w 2, b 1\) and 2 in .*\(w 2\)",
    ),
    "dump_and_print_of_other_counts": (dump(samples=1), "1 2", "as many numbers.*got 13 .*and 2 "),
    "dump_of_many_samples_and_print": (dump(), " ".join(["1"] * 26), "same sizes|samples"),
    "dumps_of_other_sample_counts": (dump(samples=3), dump(), "got 39 .* 3x2x3.* and 26 .*2x2x3"),
    "dumps_of_other_networks": (dump((2, 4, 1)), dump(), "got 34 .*and 26 "),
    "dumps_of_more_layers": (dump((2, 3, 1, 1)), dump(), "got 30 .*and 26 "),
    "dumps_of_weights_and_biases": (dump(parts="w"), dump(parts="b"), "got 18 .*and 8 "),
    "dumps_of_other_names": (dump(), dump().replace(" b2 ", " b7 "), "b7"),
    "dumps_of_other_networks_of_one_size": (
        dump((3, 2, 1), samples=1),
        dump((8, 1, 1), samples=1),
        "expected",
    ),
    "dumps_of_other_samples_of_one_size": (dump((2, 3)), dump((2, 2), samples=3), "expected"),
    "dumps_of_transposed_networks": (
        dump((2, 3), parts="w"),
        dump((3, 2), parts="w"),
        "expected",
    ),
    "dump_cut_short": (
        dump(),
        dump()[: dump().index("1 w1 0 1") + 5],
        r"b\.txt.*(line \d+: expected|cut short)",
    ),
    "dump_with_lines_swapped": (
        dump().replace("0 w1 0 0", "0 w1 9 9").replace("0 w1 0 1", "0 w1 0 0"),
        dump(),
        r"a\.txt: w1 ",
    ),
}


@pytest.mark.parametrize(("a", "b", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_compared_is_one_sentence(compare, a, b, message):
    with pytest.raises(UsageError, match=message) as caught:
        compare(a, b)
    assert "\n" not in str(caught.value)


BAD_WORDS = {
    "no_files": ([], "expected two files, got 0"),
    "one_file": (["good"], "expected two files, got 1"),
    "three_files": (["good", "good", "good"], "expected two files, got 3"),
    "missing_file": (["good", "nowhere"], "nowhere: No such file"),
    "folder": ([".", "good"], "Is a directory"),
    "empty_name": (["", "good"], "No such file"),
    "digits_0": (["--digits=0", "good", "good"], "digits=0"),
    "digits_negative": (["--digits=-1", "good", "good"], "digits=-1"),
    "digits_not_a_number": (["--digits=five", "good", "good"], "integer of at least 1.*five"),
    "unknown_flag": (["--digit=5", "good", "good"], "Unknown command line flag 'digit'"),
    "missing_flagfile": (["--flagfile=nowhere", "good", "good"], "nowhere"),
    "json": (["good", "report.json"], "JSON is not read"),
    "npz": (["good", "a.npz"], r"a\.npz: expected text"),
}


@pytest.mark.parametrize(("words", "message"), BAD_WORDS.values(), ids=BAD_WORDS)
def test_bad_usage_is_one_sentence(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    Path("good").write_text("1 2")
    Path("report.json").write_text("{}")
    np.savez("a.npz", w1=np.full(3, 0.1))
    with pytest.raises(UsageError, match=message) as caught:
        files.main(["compare.files", *words])
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


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
            assert out.splitlines()[-1].startswith(("agree: ", "disagree: ", "undecided: "))
            assert status in ((0, 3) if other == text else (0, 2, 3))


def test_a_file_agrees_with_itself(tmp_path, capsys):
    (tmp_path / "a.dat").write_text(dump())
    assert files.main(["compare.files", *[str(tmp_path / "a.dat")] * 2]) == 0
    assert "Digits agreed: 17" in capsys.readouterr().out


def test_help_tells_the_exit_statuses(capsys):
    with pytest.raises(SystemExit) as caught:
        files.main(["compare.files", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "Exit status: 0 agree, 2 disagree, 3 undecided, 1" in out
    assert "--digits=N" in out
    assert max(map(len, out.splitlines())) <= 100


def shell(folder, *words):
    return subprocess.run(
        [sys.executable, "-m", "compare.files", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_from_the_shell(tmp_path):
    (tmp_path / "a").write_text("1 2 3")
    (tmp_path / "b").write_text("1 2 4")
    (tmp_path / "c").write_text("1 2")
    judged = shell(tmp_path, "a", "b")
    assert (judged.returncode, judged.stderr) == (2, "")
    assert judged.stdout.endswith(
        "disagree: 1 of 3 numbers do not agree to 5 significant digits.\n"
    )
    refused = shell(tmp_path, "a", "c")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("compare.files: expected as many numbers")
    assert refused.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
