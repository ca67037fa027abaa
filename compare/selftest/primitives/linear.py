"""Sums and products of many numbers."""

from compare.selftest.primitives.base import Primitive, everywhere

LINEAR: dict[str, Primitive] = {
    "dot_general": everywhere(
        lambda xp, a, b: xp.matmul(a, b.reshape(-1, 8, 4)), shape=(-1, 4, 8), numbers=2
    ),
    "reduce_sum": everywhere(lambda xp, a, b: xp.sum(a, 1), shape=(-1, 8), numbers=8),
}
