"""Numbers that people write into programs, and how a sentence writes them."""

import math
from collections.abc import Iterable, Iterator

_LARGEST_ROOT = 65536  # of which a root is told as one
_NEAR = 0.1  # how far a number that was solved for may be from a nice one, relatively


def nice_numbers(solved: float, sizes: Iterable[int] = (), *, digits: int = 4) -> Iterator[float]:
    """Yields numbers that people write, near one that was solved for, the simplest first.

    Args:
      solved: the number.
      sizes: of axes, which may be counted.
      digits: significant ones that a number may have at most.
    """
    size = abs(solved)
    if not size or not math.isfinite(size):
        return
    sign = math.copysign(1.0, solved)
    seen: set[float] = set()
    for one in _simple(size, sizes, digits):
        if abs(one - size) <= _NEAR * size and one not in seen:
            seen.add(one)
            yield sign * one


def _simple(size: float, sizes: Iterable[int], digits: int) -> Iterator[float]:
    yield 10.0 ** round(math.log10(size))
    if 0.5 < size < 1e6:
        yield float(round(size))
    if 1e-6 < size < 1:
        yield 1 / round(1 / size)
    for n in sizes:
        yield from (float(n), n - 1.0, n + 1.0)
    yield from (float(f"{size:.{n}e}") for n in range(min(digits, 3)))
    if 0.1 < size < 256:
        yield math.sqrt(round(size * size))
    if 1 / 256 < size < 1:
        yield 1 / math.sqrt(round(1 / size**2))
    yield from (float(f"{size:.{n}e}") for n in range(3, digits))


def written(value: float) -> str:
    """Writes a number as people do: '1e-6', '0.1', '1/32', '1/sqrt(8)'."""
    size = abs(value)
    sign = "-" if value < 0 else ""
    if not size or (size == round(size) and size < 1e6):
        return f"{sign}{size:g}"
    if not _is_short(size):
        for text, one in _forms(size):
            if math.isclose(size, one, rel_tol=1e-6):
                return f"{sign}{text}"
    return sign + f"{size:.6g}".replace("e-0", "e-").replace("e+0", "e")


def _is_short(size: float) -> bool:
    return math.isclose(size, float(f"{size:.2e}"), rel_tol=1e-7)


def _forms(size: float) -> Iterator[tuple[str, float]]:
    inverse, square = round(1 / size), round(size**2)
    if inverse > 1:
        yield f"1/{inverse}", 1 / inverse
    of_inverse = round(1 / size**2)
    if 1 < of_inverse < _LARGEST_ROOT:
        yield f"1/sqrt({of_inverse})", 1 / math.sqrt(of_inverse)
    if 1 < square < _LARGEST_ROOT:
        yield f"sqrt({square})", math.sqrt(square)
