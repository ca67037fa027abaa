"""Mistakes in a backward whose forward pass is right."""

from types import MappingProxyType

from compare.selftest.mistakes.backward.entries import ENTRIES
from compare.selftest.mistakes.backward.gradient import GRADIENT
from compare.selftest.mistakes.backward.output import OUTPUT
from compare.selftest.mistakes.backward.samples import SAMPLES
from compare.selftest.mistakes.backward.slope import SLOPE
from compare.selftest.mistakes.backward.weights import WEIGHTS
from compare.selftest.mistakes.mistake import Mistake

BACKWARD: MappingProxyType[str, Mistake] = MappingProxyType(
    {**OUTPUT, **SLOPE, **WEIGHTS, **GRADIENT, **SAMPLES, **ENTRIES}
)
