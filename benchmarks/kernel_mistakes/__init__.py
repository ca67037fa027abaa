"""Kernels with a backward by hand, and mistakes to plant in them, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from benchmarks.kernel_mistakes.attention import ATTENTION
from benchmarks.kernel_mistakes.cross_entropy import CROSS_ENTROPY
from benchmarks.kernel_mistakes.kernel import Kernel
from benchmarks.kernel_mistakes.layer_norm import LAYER_NORM
from benchmarks.kernel_mistakes.linear_gelu import LINEAR_GELU

KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        "layer norm": LAYER_NORM,
        "cross-entropy": CROSS_ENTROPY,
        "attention": ATTENTION,
        "linear + gelu": LINEAR_GELU,
    }
)
