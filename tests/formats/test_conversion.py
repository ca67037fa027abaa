import ml_dtypes
import numpy as np
import pytest

from compare.errors import UsageError
from compare.formats.conversion import convert, narrow, round_once, widen
from compare.formats.dtypes import FLOAT_DTYPES, dtype_of

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
F16, BF16 = np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("narrow", [np.float16, ml_dtypes.bfloat16, np.int16, ">f4"])
def test_what_exists_is_converted(dtype, narrow):
    array = np.array([0, 1, -3, 2.5], np.float32).astype(narrow)
    converted = convert(array, dtype, where="w1")
    assert converted.dtype == dtype
    np.testing.assert_array_equal(converted, array.astype(dtype))


def test_every_bfloat16_and_float16_is_widened_without_loss():
    bits = np.arange(2**16).astype(np.uint16)
    for dtype in (np.float16, ml_dtypes.bfloat16):
        array = bits.view(dtype)
        wide = widen(array)
        assert wide.dtype == F32
        with np.errstate(invalid="ignore"):
            back = wide.astype(dtype).view(np.uint16)
            np.testing.assert_array_equal(np.isnan(wide), np.isnan(array))
        finite = np.isfinite(wide)
        np.testing.assert_array_equal(back[finite], bits[finite])


def test_float64_stays():
    array = np.array([0.1])
    assert widen(array) is array


def test_the_result_is_a_copy_in_c_order():
    array = np.ones((2, 3), np.float32)
    converted = convert(array.T, F32, where="w1")
    array[:] = 0
    assert converted.all()
    assert converted.flags.c_contiguous


@pytest.mark.parametrize(
    ("array", "dtype", "message"),
    [
        (np.array([0.1]), F32, "float64 values .*--dtype=float64, or --cast .* as float32"),
        (np.array([2**24 + 1]), F32, "its int64 values do not all exist in float32"),
        (np.array([2**53 + 1]), F64, "do not all exist in float64.* pass --cast"),
        (np.array([1e300]), F32, r"w1: 1e\+300 is beyond the largest float32 .*--dtype=float64"),
        (np.array([True]), F32, "expected real numbers, got dtype bool"),
        (np.array(["1"]), F32, "expected real numbers, got dtype <U1"),
        (np.array([1j]), F32, "expected real numbers, got dtype complex128"),
        (np.zeros(2, "V3"), F32, "expected real numbers, got dtype .V3"),
        (np.zeros(2, "i1,i1"), F32, "expected real numbers, got dtype "),
    ],
)
def test_what_is_refused(array, dtype, message):
    with pytest.raises(UsageError, match=message):
        convert(array, dtype, where="w1")


def test_cast_rounds_once():
    array = np.array([0.1, np.nan, np.inf, 1e-300, 2**24 + 1.0])
    converted = convert(array, F32, where="w1", cast=True)
    np.testing.assert_array_equal(converted, array.astype(np.float32))


def test_cast_makes_nothing_infinite():
    with pytest.raises(UsageError, match="is beyond the largest float32"):
        convert(np.array([1.0, -3.5e38]), F32, where="w1", cast=True)


THIRD, WIDE_THIRD = np.array([1 / 3], F32), np.array([1 / 3])
REMEDIES = {  # array, asked for, whether to cast -> what the error says to pass
    "bfloat16 would lose float32": (THIRD, BF16, False, "pass --dtype=float32, or --cast to"),
    "float16 would lose float32": (THIRD, F16, False, "pass --dtype=float32, or --cast to"),
    "float32 would lose it too": (WIDE_THIRD, BF16, False, "pass --dtype=float64, or --cast to"),
    "float64 that float32 has": (np.array([257.0]), BF16, False, "pass --dtype=float32, or"),
    "integers": (np.array([257]), BF16, False, "its int64 .* pass --dtype=float32, or --cast"),
    "bfloat16 would lose float16": (
        np.array([1 / 3], F16),
        BF16,
        False,
        "its float16 values .* pass --dtype=float16, or --cast",
    ),
    "float16 would lose bfloat16": (
        np.array([2.0**-30], BF16),
        F16,
        False,
        "its bfloat16 values .* pass --dtype=bfloat16, or --cast",
    ),
    "beyond float16": (
        np.array([70000.0], F32),
        F16,
        False,
        "70000 is beyond the largest float16 number; pass --dtype=float32$",
    ),
    "beyond float16, to be rounded": (
        np.array([70000.1]),
        F16,
        True,
        "70000.1 is beyond the largest float16 number; pass --dtype=float32$",
    ),
    "beyond float32": (
        np.array([1e39]),
        BF16,
        True,
        "bfloat16 number; pass --dtype=float64",
    ),
}


@pytest.mark.parametrize("case", REMEDIES)
def test_the_remedy_is_the_narrowest_dtype_that_will_do(case):
    array, dtype, cast, words = REMEDIES[case]
    with pytest.raises(UsageError, match=words):
        convert(array, dtype, where="w1", cast=cast)


@pytest.mark.parametrize("name", FLOAT_DTYPES)
def test_every_dtype_is_taken_as_it_is(name):
    bits = np.array([1, 2, 0x7FC1, 0x8000, 0xFFFF], np.uint16)  # subnormals, NaNs and -0 as well
    array = bits.view(dtype_of(name)) if name in ("bfloat16", "float16") else bits.astype(name)
    assert convert(array, array.dtype, where="w1").tobytes() == array.tobytes()
    raw = array.view("V2") if name == "bfloat16" else array
    assert convert(raw, array.dtype, where="w1").tobytes() == array.tobytes()


def neighbours(dtype):
    """Three finite numbers next to each other, all over the range and of both signs."""
    bits = np.arange(0, np.array(np.inf, dtype).view(np.uint16) - 2, dtype=np.uint16)
    bits = np.concatenate([bits, bits | 0x8000])
    return [(bits + i).view(dtype).astype(np.float64) for i in range(2)]


@pytest.mark.parametrize("dtype", [F16, BF16], ids=str)
def test_numbers_are_rounded_once_to_the_nearest(dtype):
    low, high = neighbours(dtype)
    tie = (low + high) / 2
    even = np.where(low.astype(dtype).view(np.uint16) % 2 == 0, low, high)
    np.testing.assert_array_equal(round_once(tie, dtype).astype(np.float64), even)
    for end in (low, high):
        near = np.nextafter(tie, end)  # float32 does not tell it from the tie
        np.testing.assert_array_equal(round_once(near, dtype).astype(np.float64), end)
        np.testing.assert_array_equal(round_once(end, dtype).astype(np.float64), end)


def test_what_is_not_finite_and_what_overflows():
    array = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300, -0.0])
    found = round_once(array, BF16).astype(np.float64)
    np.testing.assert_array_equal(found, [np.nan, np.inf, -np.inf, np.inf, -np.inf, 0, 0])
    assert np.signbit(found[-1])


def test_what_was_widened_is_narrowed_or_refused():
    array = np.array([1, -2.5, np.nan, np.inf], BF16)
    assert narrow(widen(array), BF16, where="w1").tobytes() == array.tobytes()
    with pytest.raises(UsageError, match=r"w1: expected bfloat16 numbers, .* is it damaged\?"):
        narrow(np.array([1, 257], F32), BF16, where="w1")
