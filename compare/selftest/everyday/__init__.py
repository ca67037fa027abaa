"""Functions that people write every day, each in JAX and most in torch: `EVERYDAY`."""

from compare.selftest.everyday.activations import ACTIVATIONS
from compare.selftest.everyday.attention import ATTENTION
from compare.selftest.everyday.convolutions import CONVOLUTIONS
from compare.selftest.everyday.function import Function
from compare.selftest.everyday.indexing import INDEXING
from compare.selftest.everyday.layer_libraries import LAYER_LIBRARIES
from compare.selftest.everyday.linear_algebra import LINEAR_ALGEBRA
from compare.selftest.everyday.losses import LOSSES
from compare.selftest.everyday.normalisations import NORMALISATIONS
from compare.selftest.everyday.optax_losses import OPTAX_LOSSES
from compare.selftest.everyday.optimizers import OPTIMIZERS
from compare.selftest.everyday.order import ORDER
from compare.selftest.everyday.recurrent import RECURRENT
from compare.selftest.everyday.structure import STRUCTURE

__all__ = ["EVERYDAY", "Function"]

EVERYDAY: tuple[Function, ...] = (
    *LOSSES,
    *NORMALISATIONS,
    *ACTIVATIONS,
    *ATTENTION,
    *CONVOLUTIONS,
    *RECURRENT,
    *INDEXING,
    *ORDER,
    *STRUCTURE,
    *LINEAR_ALGEBRA,
    *OPTIMIZERS,
    *OPTAX_LOSSES,
    *LAYER_LIBRARIES,
)
