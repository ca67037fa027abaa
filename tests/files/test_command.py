"""`python -m compare.files A B`: bad usage, help, and exit statuses."""

from pathlib import Path

import numpy as np
import pytest

from compare import files
from compare.errors import UsageError
from tests.support.dumps import dump
from tests.support.runs import shell

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
    "gradients_of_samples_and_of_all": (
        "w [[[1, 2]], [[3, 4]], [[5, 6]]]\nb [[1], [2], [3]]",
        "w [[1, 2]]\nb [1]",
        r"and 3 in .*; if .*a\.txt is of 3 samples, compare the sum or the mean over them$",
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
    "folder": ([".", "good"], r"complex\.npy: the array: expected numbers, got complex128"),
    "empty_name": (["", "good"], "No such file"),
    "digits_0": (["--digits=0", "good", "good"], "digits=0"),
    "digits_negative": (["--digits=-1", "good", "good"], "digits=-1"),
    "digits_not_a_number": (["--digits=five", "good", "good"], "integer of at least 1.*five"),
    "unknown_flag": (["--digit=5", "good", "good"], "there is no flag --digit"),
    "missing_flagfile": (["--flagfile=nowhere", "good", "good"], "nowhere"),
    "json": (["good", "report.json"], "report.json: expected numbers, found none"),
    "npz": (["good", "a.npz"], r"got 2 in good \(array 2\) and 3 in a\.npz \(w1 3\)"),
    "npz_of_words": (["good", "words.npz"], r"words\.npz: w1: expected numbers, got <U5"),
    "npz_of_nothing": (["good", "nothing.npz"], r"nothing\.npz: expected numbers, found none"),
    "npz_that_is_none": (["good", "text.npz"], r"text\.npz"),
    "npy_of_objects": (
        ["good", "objects.npy"],
        r"objects\.npy: it holds pickled objects, which are",
    ),
    "npy_of_complex_numbers": (["good", "complex.npy"], "the array: expected numbers, got complex"),
    "npy_of_nothing": (["good", "nothing.npy"], r"nothing\.npy: expected numbers, found none"),
    "npy_that_is_none": (["good", "text.npy"], r"text\.npy: expected a \.npy file"),
    "npy_cut_short": (["good", "cut.npy"], r"cut\.npy: .*damaged or cut short"),
}


@pytest.mark.parametrize(("words", "message"), BAD_WORDS.values(), ids=BAD_WORDS)
def test_bad_usage_is_one_sentence(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    Path("good").write_text("1 2")
    Path("report.json").write_text("{}")
    Path("text.npz").write_text("1 2")
    np.savez("a.npz", w1=np.full(3, 0.1))
    np.savez("words.npz", w1=np.array(["hello", "world"]))
    np.savez("nothing.npz", w1=np.zeros((0, 3)))
    np.save("objects.npy", np.array([{}]), allow_pickle=True)
    np.save("complex.npy", np.array([1j, 2j]))
    np.save("nothing.npy", np.zeros((0, 3)))
    np.save("cut.npy", np.zeros(3))
    Path("cut.npy").write_bytes(Path("cut.npy").read_bytes()[:-5])
    Path("text.npy").write_text("1 2")
    with pytest.raises(UsageError, match=message) as caught:
        files.main(["compare.files", *words])
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_help_tells_the_exit_statuses(capsys):
    with pytest.raises(SystemExit) as caught:
        files.main(["compare.files", "--help"])
    assert caught.value.code == 0
    out = capsys.readouterr().out
    assert "Exit status: 0 agree, 2 disagree, 3 undecided, 1" in out
    assert "--digits=N" in out
    assert max(map(len, out.splitlines())) <= 100


def test_from_the_shell(tmp_path):
    (tmp_path / "a").write_text("1 2 3")
    (tmp_path / "b").write_text("1 2 4")
    (tmp_path / "c").write_text("1 2")
    judged = shell("compare.files", "a", "b", cwd=tmp_path)
    assert (judged.returncode, judged.stderr) == (2, "")
    assert judged.stdout.startswith(
        "✗ disagree: 1 of 3 numbers does not agree to 5 significant digits.\n\n"
    )
    refused = shell("compare.files", "a", "c", cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("compare.files: expected as many numbers")
    assert refused.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]
