"""Samples in `.csv` files that are refused, and in which words."""

import numpy as np
import pytest

from compare.errors import UsageError
from compare.options.config import Config
from compare.problem.problem import make_problem

X = np.array([[0.5, 0.25], [1, 2], [3, -4]], np.float32)


def problem(path, *, sizes=(2, 3, 1), **options):
    return make_problem(Config(layer_sizes=sizes, samples=None, data=str(path), **options))


CSV = {
    "text": ("0.5,1\n0.5,abc\n", "line 2, column 2: expected a number, got 'abc'"),
    "text_below_a_header": ("a,b\n\n1,2\n3,x y\n", "line 4, column 2: .* got 'x y'"),
    "text_in_the_first_line": ("0.5,O.5\n1,2\n", "line 1, column 2: expected a number, got 'O.5'"),
    "nothing_in_a_cell": ("1,2\n3,\n", "line 2, column 2: expected a number, got ''"),
    "two_headers": ("a,b\nc,d\n1,2\n", "line 2, column 1: expected a number, got 'c'"),
    "underscore": ("1,2\n1_000,2\n", "line 2, column 1: expected a number, got '1_000'"),
    "ragged": ("1,2\n3,4,5\n", "line 2: expected 2 columns, as above, got 3"),
    "ragged_below_one_column": ("a\n1,2\n", "line 2: expected 1 column, as above, got 2"),
    "ragged_below_a_header": ("a,b\n1\n", "line 2: expected 2 columns, as above, got 1"),
    "semicolons": ("1;2\n3;4\n", "line 1: expected commas between the columns, got semicolons"),
    "decimal_commas": ("0,1;0,2\n", "line 1: expected commas .* got semicolons"),
    "semicolons_in_a_header": ("a;b\n1;2\n", "line 1: expected commas .* got semicolons"),
    "tabs": ("1\t2\n", "line 1: expected commas between the columns, got tabs"),
    "spaces": ("1 2\n", "line 1: expected commas between the columns, got spaces"),
    "empty": ("", "expected a line of numbers for every sample, found none"),
    "empty_lines": ("\n\n", "expected a line of numbers for every sample, found none"),
    "header_alone": ("x1,x2\n", "expected a line of numbers for every sample, found none"),
    "open_quote": ('1,2\n"3,4\n', "line 2: no CSV: unexpected end of data"),
    "beyond_float32": ("1,2\n1e39,2\n", r"x: 1e\+39 is beyond the largest float32"),
    "beyond_float64": ("1,2\n-1e400,2\n", "line 2, column 1: -1e400 is beyond every float64"),
    "four_columns": (
        "1,2,3,4\n",
        r"2 columns of inputs, or 3 with the labels .* got shape \[1, 4\]",
    ),
    "one_column": ("1\n", "expected 2 columns of inputs, or 3 with the labels after them"),
    "labels_in_the_header": (
        "x,y\n1,2\n",
        "expected 2 columns of inputs and 1 of labels .*; got 1 and 1 in the header x,y",
    ),
    "two_labels": ("x1,x2,y1,y2\n1,2,3,4\n", "2 columns of inputs and 1 of labels .* got 2 and 2"),
}


@pytest.mark.parametrize("case", CSV)
def test_bad_csv(tmp_path, case):
    lines, message = CSV[case]
    (tmp_path / "a.csv").write_text(lines)
    with pytest.raises(UsageError, match=message) as caught:
        problem(tmp_path / "a.csv", cast=True)
    assert str(caught.value).startswith(f"--data {tmp_path}/a.csv")
    assert "\n" not in str(caught.value)


def test_csv_that_is_no_text(tmp_path):
    for content in (X.tobytes() * 99, "x1,x2\n1,2\n".encode("utf-16")):
        (tmp_path / "a.csv").write_bytes(content)
        with pytest.raises(UsageError, match=r"a\.csv.*expected"):
            problem(tmp_path / "a.csv")
