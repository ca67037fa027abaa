"""Numbers as text beside Python's own print, byte for byte."""

import hypothesis
import ml_dtypes
import numpy as np
import pytest
from hypothesis import strategies as st

from compare.formats.dtypes import decimal_digits
from compare.formats.write.number_text import texts_of

DTYPES = [ml_dtypes.bfloat16, np.float16, np.float32, np.float64]


def check(values, digits=None):
    digits = digits or decimal_digits(values.dtype.name)
    template = b"%%.%dg" % digits
    written = [text.replace(b"\0", b"") for text in texts_of(values, digits).tolist()]
    with np.errstate(invalid="ignore"):  # some NaNs signal
        assert written == [template % value for value in values.astype(float).tolist()]


def bits_about(values):
    """Returns numbers a few ulps about others, and their negatives."""
    with np.errstate(all="ignore"):
        near = np.concatenate([values, *(np.nextafter(values, side) for side in (-np.inf, np.inf))])
    return np.concatenate([near, -near])


@pytest.mark.parametrize("dtype", DTYPES[:2])
def test_every_number_of_16_bits(dtype):
    check(np.arange(2**16, dtype=np.uint16).view(dtype))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@hypothesis.given(seed=st.integers(0, 2**32))
@hypothesis.settings(deadline=None, max_examples=10)
def test_any_bits(dtype, seed):
    rng = np.random.default_rng(seed)
    check(np.frombuffer(rng.bytes(3_000 * np.dtype(dtype).itemsize), dtype))
    check((rng.normal(size=3_000) * 10.0 ** rng.integers(-10, 4, 3_000)).astype(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_ten_and_few_digits(dtype):
    with np.errstate(all="ignore"):
        powers = np.multiply.outer(np.arange(1, 130), 10.0 ** np.arange(-46, 40)).ravel()
        check(bits_about(powers.astype(dtype)))


def test_ties_go_to_even():
    parts = np.arange(0, 2**12)
    ties = [10.0**e + parts / 2.0**bits for e, bits in ((0, 9), (1, 8), (2, 7), (3, 6))]
    ties += [parts * 2.0**-bits for bits in (10, 12, 20, 28, 29)]
    check(bits_about(np.concatenate(ties).astype(np.float32)))


@pytest.mark.parametrize("digits", [1, 4, 9, 12])
def test_float64_in_fewer_digits_is_rounded_once(digits):
    rng = np.random.default_rng(0)
    near_ties = [f"{n}5e{e}" for n in rng.integers(1, 10**digits, 500) for e in (-60, -14, -9, 1)]
    check(bits_about(np.array([*map(float, near_ties), 1e-300, 1e300])), digits)


@pytest.mark.parametrize("digits", range(1, 10))
def test_numbers_of_any_size_in_fewer_digits(digits):
    check(np.array([9.996, 10.0, 12.3, 99.6, 123.0, 999.4, 999.6, 1234.0]), digits)
    nines = [float(f"9.{'9' * (digits - 1)}{end}e{e}") for end in "459" for e in range(-48, 12)]
    check(bits_about(np.array(nines)), digits)


@pytest.mark.parametrize("dtype", DTYPES)
def test_zeros_and_what_is_not_finite(dtype):
    check(np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1.0]).astype(dtype))
    check(np.zeros(0, dtype))
