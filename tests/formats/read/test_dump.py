"""Our own dumps, read back: all of it and to the same bits, or refused in one sentence."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis.extra import numpy as hnp

from compare.errors import UsageError
from compare.formats.read.text import read_text
from compare.formats.write.dump import COLUMNS, HEADER, text_lines

NAN, INF = float("nan"), float("inf")
SHAPES = {"w1": (2, 3), "b1": (3,), "w2": (3, 1), "b2": (1,)}


def header(arrays, layout="in_out"):
    """Returns the first line that goes with these arrays of consecutive layers."""
    n, dtype = len(next(iter(arrays.values()))), next(iter(arrays.values())).dtype
    weights = [v.shape[1:] for k, v in arrays.items() if k[0] == "w"] or [(2, 3), (3, 1)]
    axis = 0 if layout == "in_out" else 1
    sizes = [*(shape[axis] for shape in weights), weights[-1][1 - axis]]
    network = f"{'-'.join(map(str, sizes))} sigmoid"
    return HEADER.format(network=network, n=n, dtype=dtype, layout=layout)


def dump(arrays, layout="in_out"):
    return f"{header(arrays, layout)}\n{COLUMNS}\n{''.join(text_lines(0, arrays))}"


def some_arrays(samples=2, dtype=np.float32):
    rng = np.random.default_rng(0)
    return {k: rng.standard_normal((samples, *v)).astype(dtype) for k, v in SHAPES.items()}


def lines():
    return dump(some_arrays()).splitlines(keepends=True)


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "a.dat").write_bytes(text.encode())
        return read_text(str(tmp_path / "a.dat"))

    return read


def check(found, arrays, layout="in_out"):
    assert found.names == tuple(arrays)
    assert found.layout == layout
    for array, expected in zip(found.arrays, arrays.values(), strict=True):
        assert array.values.dtype == expected.dtype
        assert array.values.tobytes() == expected.tobytes()
        assert array.values.shape == expected.shape


@pytest.mark.parametrize("layout", ["in_out", "out_in"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("samples", [1, 2, 11])
def test_reads_back_what_was_written(read, samples, dtype, layout):
    arrays = some_arrays(samples, dtype)
    if layout == "out_in":
        arrays = {k: v.swapaxes(1, 2) if v.ndim == 3 else v for k, v in arrays.items()}
    check(read(dump(arrays, layout)), arrays, layout)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@hypothesis.given(data=st.data())
@hypothesis.settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_reads_back_any_value_to_the_same_bits(read, dtype, data):
    elements = st.floats(width=np.finfo(dtype).bits, allow_nan=False)
    shape = data.draw(hnp.array_shapes(min_dims=3, max_dims=3, max_side=4))
    weight = data.draw(hnp.arrays(dtype, shape, elements=elements))
    bias = data.draw(hnp.arrays(dtype, (shape[0], shape[2]), elements=elements))
    check(read(dump({"w1": weight, "b1": bias})), {"w1": weight, "b1": bias})


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_non_finite_values_are_read(read, value):
    arrays = some_arrays()
    arrays["w2"][1, 2, 0] = value
    np.testing.assert_array_equal(read(dump(arrays)).arrays[2].values, arrays["w2"])


@pytest.mark.parametrize("part", "wb")
def test_a_split_dump_has_weights_or_biases_only(read, part):
    arrays = {k: v for k, v in some_arrays().items() if k[0] == part}
    check(read(dump(arrays)), arrays)


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_line_ends_do_not_matter(read, end):
    check(read(dump(some_arrays()).replace("\n", end)), some_arrays())


def test_comments_are_skipped(read):
    text = dump(some_arrays()).replace("1 w1 0 0", "# half of it\n1 w1 0 0")
    check(read(text), some_arrays())


def without(*dropped):
    return "".join(line for i, line in enumerate(lines()) if i not in dropped)


def swapped(i, j):
    changed = lines()
    changed[i], changed[j] = changed[j], changed[i]
    return "".join(changed)


def replaced(i, line):
    changed = lines()
    changed[i] = line + "\n"
    return "".join(changed)


def two_rows_of_b1():
    return f"{header({'w1': np.ones((1, 1, 1), np.float32)})}\n0 b1 0 0 1.0\n0 b1 1 0 2.0\n"


def one_sample_of_weights():
    arrays = {k: v for k, v in some_arrays(samples=1).items() if k[0] == "w"}
    return dump(arrays).rpartition("0 w2 2 0")[0]


LAST = len(lines()) - 1
SAMPLE_1 = (LAST + 1) // 2 + 1  # the line at which it begins

DAMAGED = {
    "header_cut": ("# gradients of 2-3", "line 1: .*header"),
    "header_without_layout": (without().replace(", in_out", ""), "line 1: .*header"),
    "header_of_another_layout": (without().replace(", in_out", ", sideways"), "line 1: .*header"),
    "header_only": (lines()[0], "cut short"),
    "header_and_columns_only": ("".join(lines()[:2]), "cut short"),
    "unknown_dtype": (without().replace("float32", "float99"), "float99"),
    "cut_within_a_line": (
        "".join(lines()[:-1]) + "1 b2 0",
        rf"line {LAST + 1}: expected|cut short",
    ),
    "cut_within_a_value": (without()[:-3], "cut short"),
    "cut_within_a_parameter": ("".join(lines()[: SAMPLE_1 + 3]), "w1 .*cut short"),
    "cut_between_parameters": ("".join(lines()[: SAMPLE_1 + 6]), "cut short"),
    "cut_between_samples": ("".join(lines()[:SAMPLE_1]), "cut short"),
    "cut_after_a_row": (one_sample_of_weights(), "cut short"),
    "no_first_line": (without(2), "w1 .*not all"),
    "a_line_missing": (without(4), "w1 .*not all"),
    "a_line_twice": (without() + lines()[-1], "b2 .*not all"),
    "lines_swapped": (swapped(3, 4), "w1 .*in order"),
    "samples_from_1": (without(*range(2, SAMPLE_1)), "w1 .*not all"),
    "a_bias_of_two_rows": (two_rows_of_b1(), "b1"),
    "negative_row": (replaced(2, "0 w1 -1 0 1.0"), "w1"),
    "fractional_row": (replaced(2, "0 w1 0.5 0 1.0"), "line 3: expected"),
    "no_value": (replaced(2, "0 w1 0 0"), "line 3: expected .*got '0 w1 0 0'"),
    "two_values": (replaced(2, "0 w1 0 0 1.0 2.0"), "line 3: expected"),
    "value_not_a_number": (replaced(2, "0 w1 0 0 one"), "line 3: expected .*one"),
    "fortran_exponent": (replaced(2, "0 w1 0 0 1.0D0"), "line 3: expected"),
    "prose": (replaced(2, "and so on"), "line 3: expected .*'and so on'"),
    "sample_far_away": (replaced(2, f"{10**15} w1 0 0 1.0"), "w1"),
    "sample_beyond_any_array": (replaced(2, f"{10**20} w1 0 0 1.0"), "w1"),
    "value_too_large_for_the_dtype": (replaced(2, "0 w1 0 0 1e39"), "1e39|float32"),
}


@pytest.mark.parametrize(("text", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_dump_is_refused_in_one_sentence(read, tmp_path, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(text)
    assert str(caught.value).startswith(str(tmp_path / "a.dat"))
    assert "\n" not in str(caught.value)


@hypothesis.given(
    place=st.integers(0), word=st.integers(0, 4), other=st.sampled_from(("0", "7", "-1", "x"))
)
@hypothesis.settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
def test_any_other_word_in_a_line_is_read_as_a_value_or_refused(read, place, word, other):
    place = 2 + place % (LAST - 1)
    words = lines()[place].split()
    hypothesis.assume(words[word] != other)
    words[word] = other
    try:
        found = read(replaced(place, " ".join(words)))
    except UsageError:
        return
    assert word == 4
    assert float(other) in np.concatenate([array.values.ravel() for array in found.arrays])


LONG = "1" * 5000  # more digits than int() takes
TOO_LONG = {
    "size": ("# gradients of 2-{}-1 sigmoid, 1 samples, float32, in_out\n", "line 1: this header"),
    "samples": ("# gradients of 2-1 sigmoid, {} samples, float32, in_out\n", "line 1: this header"),
    "row": ("{header}0 w1 {} 0 0.5\n", "line 3: expected 'sample parameter row column value'"),
    "layer": ("{header}0 w{} 0 0 0.5\n", "w1111.* does not have the samples, rows and columns"),
    "word": ("{header}0 w1 0 0 0.5 {}\n", "line 3: expected 'sample parameter row"),
}


@pytest.mark.parametrize("case", TOO_LONG)
def test_integers_of_5000_digits_are_one_short_sentence(read, case):
    text, message = TOO_LONG[case]
    start = f"{header(some_arrays())}\n{COLUMNS}\n"
    with pytest.raises(UsageError, match=message) as caught:
        read(text.format(LONG, header=start))
    assert len(str(caught.value)) < 400
