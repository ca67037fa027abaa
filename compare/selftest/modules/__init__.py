"""Torch modules that people write, a dozen of them with twins in JAX: `MODULES`."""

from compare.selftest.modules.attention import ATTENTION
from compare.selftest.modules.convolutional import CONVOLUTIONAL
from compare.selftest.modules.custom_backward import CUSTOM_BACKWARD
from compare.selftest.modules.dense import DENSE
from compare.selftest.modules.embeddings import EMBEDDINGS
from compare.selftest.modules.example import Built, Example
from compare.selftest.modules.indexing import INDEXING
from compare.selftest.modules.llama import LLAMA
from compare.selftest.modules.losses import LOSSES
from compare.selftest.modules.recurrent import RECURRENT
from compare.selftest.modules.residual import RESIDUAL
from compare.selftest.modules.transformers import TRANSFORMERS

__all__ = ["MODULES", "Built", "Example"]

MODULES: tuple[Example, ...] = (
    *DENSE,
    *CONVOLUTIONAL,
    *RESIDUAL,
    *RECURRENT,
    *ATTENTION,
    *TRANSFORMERS,
    *LLAMA,
    *EMBEDDINGS,
    *INDEXING,
    *LOSSES,
    *CUSTOM_BACKWARD,
)
