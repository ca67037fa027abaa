"""Mistakes that people make in torch modules, and where each begins: `MISTAKES`."""

from compare.selftest.module_mistakes.attention import ATTENTION
from compare.selftest.module_mistakes.gradients import GRADIENTS
from compare.selftest.module_mistakes.layers import LAYERS
from compare.selftest.module_mistakes.mistake import OUTPUT, Mistake
from compare.selftest.module_mistakes.normalisations import NORMALISATIONS
from compare.selftest.module_mistakes.slopes import SLOPES
from compare.selftest.module_mistakes.structure import STRUCTURE

__all__ = ["MISTAKES", "OUTPUT", "Mistake"]

MISTAKES: tuple[Mistake, ...] = (
    *LAYERS,
    *NORMALISATIONS,
    *ATTENTION,
    *STRUCTURE,
    *SLOPES,
    *GRADIENTS,
)
