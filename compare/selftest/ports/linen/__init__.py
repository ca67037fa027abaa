"""The networks in Flax linen: `LINEN`."""

from compare.selftest.ports.linen.convolutional import CONVOLUTIONAL
from compare.selftest.ports.linen.dense import DENSE

LINEN = (*DENSE, *CONVOLUTIONAL)
