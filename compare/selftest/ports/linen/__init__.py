"""The networks in Flax linen: `LINEN`."""

from compare.selftest.ports.linen.convolutional import CONVOLUTIONAL
from compare.selftest.ports.linen.dense import DENSE
from compare.selftest.ports.linen.recurrent import RECURRENT
from compare.selftest.ports.linen.transformer import TRANSFORMERS

LINEN = (*DENSE, *CONVOLUTIONAL, *TRANSFORMERS, *RECURRENT)
