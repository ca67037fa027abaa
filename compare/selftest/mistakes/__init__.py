"""Mistakes to plant, by kind and name.

They share no code with `evidence.hypotheses`, which explains mistakes. About a third of them have
no name there: those must be found, and must not be explained.
"""

from collections.abc import Mapping
from types import MappingProxyType

from compare.selftest.mistakes.backward import BACKWARD
from compare.selftest.mistakes.ends import ENDS
from compare.selftest.mistakes.forward import FORWARD
from compare.selftest.mistakes.mistake import Mistake
from compare.selftest.mistakes.pairs import PAIRS
from compare.selftest.mistakes.precision import PRECISION
from compare.selftest.mistakes.reading import READING

KINDS: Mapping[str, Mapping[str, Mistake]] = MappingProxyType(
    {
        "backward": BACKWARD,
        "forward": FORWARD,
        "ends": ENDS,
        "reading": READING,
        "precision": PRECISION,
        "pairs": PAIRS,
    }
)
MISTAKES: Mapping[str, Mistake] = MappingProxyType(
    {name: mistake for of_kind in KINDS.values() for name, mistake in of_kind.items()}
)
