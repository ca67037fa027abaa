"""What is said of two files."""

import re

import ml_dtypes
import numpy as np
import pytest
import torch

from compare import files
from tests.support.dumps import dump, gradients, printed
from tests.support.sentences import joined


def scale_b2(arrays):
    arrays["b2"][1] *= 1 + 1e-4


def nudge_and_double(arrays):
    arrays["w1"][0, 1, 2] = np.nextafter(arrays["w1"][0, 1, 2], np.float32(9))
    arrays["w2"][1, 2, 0] *= 2


SAID = {
    "sizes_and_paths": ("1 2\n3 4", "1 2\n3 4", ["a.txt ~ ", "b.txt: 4 numbers", "2x2"]),
    "all_agree": ("1 2", "1 2", ["agree: all 2 numbers agree to 5 significant digits."]),
    "how_many_do_not": ("1 2 3", "1 5 6", ["disagree: 2 of 3 numbers do not agree to 5"]),
    "one_that_does_not": (
        "1.25 2.25",
        "1.25 5.25",
        ["1 of 2 .* does not .*; 1 agrees only as far as"],
    ),
    "one_that_is_not_finite": ("nan 2", "nan 2", ["undecided: 1 of 2 numbers is the same but not"]),
    "one_number": ("1.25", "1.25", ["agree: the one number agrees to 5 .*, or as far as it is p"]),
    "how_many_are_not_finite": ("nan inf 3", "nan inf 3", ["undecided: 2 of 3 .*not finite"]),
    "place_of_a_difference": ("[[1, 2], [3, 4]]", "[[1, 2], [3, 5]]", [r"\[1,1\], 4 and 5"]),
    "place_in_a_dump": (
        dump(),
        dump(change=scale_b2),
        [r"b2\[0\] of sample 1, ", r"b2 +2x1 .*1\[0\] .* 3\n"],
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
        [r"Digits that agree, by \|a-b\|: 5\. Printed to 5, 1 of 2 numbers looks different\."],
    ),
    "texts_alike": (
        "1.000000 2",
        "1.000004 2",
        [r"Digits that agree, by \|a-b\|: 6\. Printed to 5, all look the same\."],
    ),
    "no_distance_beside_nan": ("1 nan", "1 2", [r"array 1 +2 +nan \[1\] +nan \[1\]"]),
    "numbers_that_differ_look_different": (
        "0.12340000001",
        "0.12340000002",
        [r"First difference: .*\[0\], 0\.12340000001 and 0\.12340000002\."],
    ),
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
    "by_size": (
        "[1.5, 2]\n[3.5]",
        "[3.5]\n[1.5, 2]",
        ["Arrays are matched by size, and those of one size in file order"],
    ),
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


def test_the_first_beyond_is_beyond_its_print_too(compare):
    out = compare("0.0012 0.0034 0.5000", "0.00123456 0.004 0.5")[1]
    assert "First difference: array 1[0], 0.0012 and 0.00123456." in out
    assert "First beyond 5 digits: array 1[1], 0.0034 and 0.004." in out
    out = compare("0.0012 0.5000", "0.00123456 0.5")[1]
    assert "Digits that agree, by |a-b|: 2. Printed to 5, 1 of 2 numbers looks different." in out
    assert "First beyond" not in out


def test_dumps_are_exact_and_say_nothing_of_prints(compare):
    out = compare(dump(), dump(change=scale_b2))[1]
    assert out.startswith("✗ disagree: 1 of 26 numbers does not agree to 5 significant digits.\n")
    out = compare(dump(), dump(layout="out_in"))[1]
    assert out.startswith("✓ agree: all 26 numbers agree to 5 significant digits.\n")
    assert out.endswith("\nDigits that agree, by |a-b|: 17. Printed to 5, all look the same.\n")


def test_long_names_do_not_move_the_columns(compare):
    out = compare("encoder.weight\n1 2\nb\n3 4", "encoder.weight\n1 2\nb\n3 4")[1]
    head, *rows = out.split("\n\n")[2].splitlines()
    at = {row.index(" 2 ", len("encoder.weight")) + 1 for row in rows}
    assert at == {head.index("shape")}, out


def test_too_few_digits_are_counted_and_what_to_do_is_said(compare):
    status, out = compare("w 0.00 0.01\nb 0.00 1.25", "w 0.00 0.01\nb -0.00 1.25")
    assert status == 3
    assert (
        "w        2                 0                      0                     -       0\n" in out
    )
    said = "Digits that agree, by |a-b|: 3. Printed to 5, all look the same but for the signs of"
    assert f"{said} zeros (1)." in out
    assert out.startswith(
        "? undecided: w cannot be judged from this print: 2 of 4 numbers print as 0, and 1 is "
        "known to two digits or more; print more digits, as %.9e does.\n"
    )


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "i4", ml_dtypes.bfloat16], ids=str)
def test_an_array_by_itself_against_a_print(tmp_path, capsys, dtype):
    np.save(tmp_path / "a.npy", np.asfortranarray(np.arange(6).reshape(2, 3)).astype(dtype))
    (tmp_path / "a.txt").write_text("[[0, 1, 2], [3, 4, 5]]")
    assert files.main(["compare.files", str(tmp_path / "a.npy"), str(tmp_path / "a.txt")]) == 0
    assert "array 1  2x3 " in capsys.readouterr().out


def test_arrays_against_a_print_and_a_dump(tmp_path, capsys):
    arrays = {name: array[0] for name, array in gradients(samples=1).items()}
    np.savez(tmp_path / "g.npz", **{name.upper(): array for name, array in arrays.items()})
    torch.save(
        {name: torch.from_numpy(array.T.copy()) for name, array in arrays.items()},
        tmp_path / "g.pt",
    )
    (tmp_path / "print.txt").write_text(printed())
    (tmp_path / "dump.dat").write_text(dump(samples=1))

    def status(a, b):
        return files.main(["compare.files", str(tmp_path / a), str(tmp_path / b)])

    for a, b in (("g.npz", "print.txt"), ("dump.dat", "g.npz"), ("g.pt", "dump.dat")):
        assert (status(a, b), status(b, a)) == (0, 0)
        assert "all 13 numbers agree to 5 significant digits.\n" in capsys.readouterr().out
    assert status("g.pt", "g.npz") == 2  # whose layout is unknown
    assert "the second is the first transposed" in joined(capsys.readouterr().out)


def test_the_verdict_fits_into_the_columns_of_the_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    for name, numbers in (("a.txt", "1.5 2.5 3.5"), ("b.txt", "-1.5 -2.5 -3.5")):
        (tmp_path / name).write_text(numbers)
    files.main(["compare.files", str(tmp_path / "a.txt"), str(tmp_path / "b.txt")])
    said = capsys.readouterr().out.partition("\n\n")[0].split("\n")
    assert len(said) > 1
    assert max(map(len, said)) <= 50


@pytest.mark.parametrize(("forgotten", "status"), [(False, 0), (True, 2)])
def test_kernels_of_flax_against_a_checkpoint_of_torch(tmp_path, capsys, forgotten, status):
    """They are transposed to each other by what their names say, so one that was not is named."""
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 4))
    torch.save(net.state_dict(), tmp_path / "w.pt")
    w1, b1, w2, b2 = (tensor.numpy() for tensor in net.state_dict().values())
    kernels = {"Dense_0/kernel": w1.T, "Dense_1/kernel": w2 if forgotten else w2.T}
    np.savez(tmp_path / "w.npz", **{"Dense_0/bias": b1, "Dense_1/bias": b2}, **kernels)
    assert (
        files.main(["compare.files", *map(str, (tmp_path / "w.pt", tmp_path / "w.npz"))]) == status
    )
    out = joined(capsys.readouterr().out)
    assert "w.npz is in_out; its matrices were transposed to out_in." in out
    said = "2.weight of the second is that of the first transposed; all others agree."
    assert (said in out) == forgotten
