"""Any array that is printed is read back, and any text is read or refused."""

import contextlib
import sys

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp

from compare.errors import UsageError
from tests.support.prints import check, read

arrays = hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats())


def printed(array, form):
    with np.printoptions(threshold=sys.maxsize, floatmode="unique"):
        return form(array)


FORMS = {
    "str": str,
    "repr": repr,
    "list": lambda array: str(array.tolist()),
    "tensor": lambda array: f"tensor({array.tolist()}, dtype=torch.float64)",
    "narrow_lines": lambda array: np.array2string(array, max_line_width=20),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@hypothesis.given(array=arrays)
@hypothesis.settings(deadline=None, max_examples=20)
def test_any_array_that_is_printed_is_read_back(form, array):
    check(printed(array, form), (None, array))


@hypothesis.given(
    hnp.arrays(np.float64, st.tuples(st.integers(2, 4), st.integers(2, 4)), elements=st.floats())
)
@hypothesis.settings(deadline=None, max_examples=100)
def test_any_matrix_of_bare_numbers_is_read_back(array):
    check("\n".join(" ".join(map(repr, row)) for row in array.tolist()), (None, array))


@hypothesis.given(
    st.dictionaries(st.from_regex(r"[a-z]{1,5}\d?", fullmatch=True), arrays, min_size=1)
)
@hypothesis.settings(deadline=None, max_examples=20)
def test_any_dict_of_arrays_is_read_back_with_its_names(arrays):
    reserved = {"tensor", "array", "nan", "inf", "grad", "numpy", "torch", "e"}
    hypothesis.assume(not reserved & set(arrays))
    lists = {name: array.tolist() for name, array in arrays.items()}
    check(str(lists), *arrays.items())


NUMBERS = ("1", "-2", "0.5", "1e3", "nan", "inf")
SIGNS = tuple("[](),:=#+-.* \n")
WORDS = ("tensor(", "array(", "w1", "loss")


@hypothesis.given(st.lists(st.sampled_from((*NUMBERS, *SIGNS, *WORDS)), max_size=7).map("".join))
@hypothesis.settings(deadline=None, max_examples=250)
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(UsageError):
        found = read(text)
        assert found.size > 0
        assert all(array.values.dtype == np.float64 for array in found.arrays)
