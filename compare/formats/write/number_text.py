"""Numbers as text, many at once: what `%.9g` and the like write, byte for byte.

A number is six words of four bytes, of which those that are not needed stay empty: two for a sign
and the zeros it begins with, three of three digits each, one of which may have the point, and one
for the exponent.
"""

import numpy as np

WIDTH = 24  # bytes; %.17g takes as many
_MOST_DIGITS = 9  # in three words
_LEAST, _MOST = -45, 2  # exponents: of the smallest float32, and of a point in the first word
_EXPONENTS = range(_LEAST, _MOST + 1)
_FIXED = -4  # the least exponent that %g does not write
# What brings nine digits before the point, of each exponent; of more, what brings fewer digits.
_SCALE = np.array([float(f"1e{_MOST_DIGITS - 1 - e}") for e in range(_LEAST, _MOST + _MOST_DIGITS)])


def _three_digits(point: int) -> list[list[str]]:
    """Returns 000 to 999 with a point after so many digits, and the same where no digits follow."""
    texts = [f"{n:03d}" for n in range(1000)]
    pointed = [f"{text[:point]}.{text[point:]}" if point else text for text in texts]
    return [pointed, [text.rstrip("0").rstrip(".") for text in pointed]]


# [n + 1000 follows by zeros only + 2000 digits before the point, if any]
_THREE_DIGITS = np.array([_three_digits(point) for point in range(4)], "S4").view(np.uint32).ravel()
_NO_ZEROS, _POINTED = 1000, 2000  # what is added to n
# Of each exponent: how a number begins, minus the same, where its point is, and how it ends.
_PLUS = ["0." * (_FIXED <= e < 0) + "0" * (-e - 1) * (e >= _FIXED) for e in _EXPONENTS]
_BEGIN = np.array([*_PLUS, *(f"-{text}" for text in _PLUS)], "S8").view(np.uint64)
_POINT = np.array([_POINTED * (1 if e < _FIXED else max(0, e + 1)) for e in _EXPONENTS])
_END = np.array([f"e{e:03d}" if e < _FIXED else "" for e in _EXPONENTS], "S4").view(np.uint32)


def texts_of(values: np.ndarray, digits: int) -> np.ndarray:
    """Returns what `%.{digits}g` writes for [k] numbers, [k] bytes with NULs anywhere in between.

    Args:
      values: [k], floating.
      digits: how many significant ones; many numbers of more than 9 digits take their time.
    """
    with np.errstate(invalid="ignore"):  # some NaNs signal
        wide = values.astype(np.float64)
    texts = np.where(np.signbit(wide), b"-0", b"0").astype(f"S{WIDTH}")
    at = np.flatnonzero(wide)
    texts[at] = _nonzero(wide[at], digits)
    return texts


def _nonzero(values: np.ndarray, digits: int) -> np.ndarray:
    words = np.zeros((len(values), WIDTH // 4), np.uint32)
    sure = np.zeros(len(values), bool)
    if digits <= _MOST_DIGITS:
        sure = _fill(words, values, digits)
    texts = words.view(f"S{WIDTH}")[:, 0]
    template = b"%%.%dg" % digits
    texts[~sure] = [template % value for value in values[~sure].tolist()]
    return texts


def _fill(words: np.ndarray, values: np.ndarray, digits: int) -> np.ndarray:
    """Writes [k, 6] words of [k] numbers; returns of which they are right, [k] bool."""
    with np.errstate(all="ignore"):
        size = np.abs(values)
        most = min(_MOST, digits - 1)  # %g writes larger ones in another way
        exponent = np.fmin(np.fmax(np.floor(np.log10(size)), _LEAST), most)
        e = exponent.astype(np.intp) - _LEAST
        scaled = size * _SCALE[e + _MOST_DIGITS - digits]
        whole = np.rint(scaled)
        # Where the exponent is right, both are under 10^9, and a few roundings of 2^-53 have moved
        # `scaled` by less than 10^-6: farther than that from a tie it rounds as the exact one does.
        # What is below 10^(digits - 1) has a smaller exponent, and one more digit to be rounded to.
        sure = np.abs(scaled - whole) < 0.5 - 1e-5
        sure &= (scaled >= 10 ** (digits - 1)) & (whole < 10**digits)
    nine = np.where(sure, whole, 0).astype(np.int32) * np.int32(10 ** (_MOST_DIGITS - digits))
    thousands, first = nine // 10**3, nine // 10**6
    second, third = thousands - first * 1000, nine - thousands * 1000
    second += _NO_ZEROS * (third == 0)
    words.view(np.uint64)[:, 0] = _BEGIN[e + len(_EXPONENTS) * np.signbit(values)]
    words[:, 2] = _THREE_DIGITS[_POINT[e] + first + _NO_ZEROS * (second == _NO_ZEROS)]
    words[:, 3] = _THREE_DIGITS[second.astype(np.intp)]
    words[:, 4] = _THREE_DIGITS[third.astype(np.intp) + _NO_ZEROS]
    words[:, 5] = _END[e]
    return np.asarray(sure)
