import ml_dtypes
import numpy as np
import pytest

from compare.errors import UsageError
from compare.readers.precision import exactly, widened

F32, F64 = np.dtype(np.float32), np.dtype(np.float64)


@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("narrow", [np.float16, ml_dtypes.bfloat16, np.int16, ">f4"])
def test_what_exists_is_converted(dtype, narrow):
    array = np.array([0, 1, -3, 2.5], np.float32).astype(narrow)
    converted = exactly(array, dtype, where="w1")
    assert converted.dtype == dtype
    np.testing.assert_array_equal(converted, array.astype(dtype))


def test_every_bfloat16_and_float16_is_widened_without_loss():
    bits = np.arange(2**16).astype(np.uint16)
    for narrow in (np.float16, ml_dtypes.bfloat16):
        array = bits.view(narrow)
        wide = widened(array)
        assert wide.dtype == F32
        with np.errstate(invalid="ignore"):
            back = wide.astype(narrow).view(np.uint16)
            np.testing.assert_array_equal(np.isnan(wide), np.isnan(array))
        finite = np.isfinite(wide)
        np.testing.assert_array_equal(back[finite], bits[finite])


def test_float64_stays():
    array = np.array([0.1])
    assert widened(array) is array


def test_the_result_is_a_copy_in_c_order():
    array = np.ones((2, 3), np.float32)
    converted = exactly(array.T, F32, where="w1")
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
        (np.zeros(2, "V2"), F32, "dtype .V2 .NumPy stores bfloat16 so; save it as float32"),
    ],
)
def test_what_is_refused(array, dtype, message):
    with pytest.raises(UsageError, match=message):
        exactly(array, dtype, where="w1")


def test_cast_rounds_once():
    array = np.array([0.1, np.nan, np.inf, 1e-300, 2**24 + 1.0])
    converted = exactly(array, F32, where="w1", cast=True)
    np.testing.assert_array_equal(converted, array.astype(np.float32))


def test_cast_makes_nothing_infinite():
    with pytest.raises(UsageError, match="is beyond the largest float32"):
        exactly(np.array([1.0, -3.5e38]), F32, where="w1", cast=True)
