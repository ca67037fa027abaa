"""Mistakes that people make in ports, and where each begins: `MISTAKES`."""

from compare.selftest.port_mistakes.attention import ATTENTION
from compare.selftest.port_mistakes.blocks import BLOCKS
from compare.selftest.port_mistakes.convolutional import CONVOLUTIONAL
from compare.selftest.port_mistakes.dense import DENSE
from compare.selftest.port_mistakes.mistake import OUTPUT, PortMistake
from compare.selftest.port_mistakes.recurrent import RECURRENT
from compare.selftest.port_mistakes.weights import WEIGHTS

__all__ = ["MISTAKES", "OUTPUT", "PortMistake"]

MISTAKES: tuple[PortMistake, ...] = (
    *DENSE,
    *CONVOLUTIONAL,
    *ATTENTION,
    *BLOCKS,
    *RECURRENT,
    *WEIGHTS,
)
