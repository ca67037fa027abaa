"""Mistakes to plant, by name.

They share no code with `evidence.hypotheses`, which explains mistakes. About a third of them have
no name there: those must be found, and must not be explained.
"""

from types import MappingProxyType

from compare.selftest.mistakes.gradient import GRADIENT
from compare.selftest.mistakes.mistake import Mistake
from compare.selftest.mistakes.output import OUTPUT
from compare.selftest.mistakes.slope import SLOPE
from compare.selftest.mistakes.unnamed import UNNAMED
from compare.selftest.mistakes.weights import WEIGHTS

MISTAKES: MappingProxyType[str, Mistake] = MappingProxyType(
    {**OUTPUT, **SLOPE, **WEIGHTS, **GRADIENT, **UNNAMED}
)
