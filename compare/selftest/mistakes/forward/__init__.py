"""Mistakes in a forward pass; the backward is right for the network that they make."""

from types import MappingProxyType

from compare.selftest.mistakes.forward.activations import ACTIVATION
from compare.selftest.mistakes.forward.inputs import INPUT
from compare.selftest.mistakes.forward.layers import LAYERS
from compare.selftest.mistakes.forward.strange import STRANGE
from compare.selftest.mistakes.mistake import Mistake

FORWARD: MappingProxyType[str, Mistake] = MappingProxyType(
    {**INPUT, **LAYERS, **ACTIVATION, **STRANGE}
)
