"""The networks in Flax nnx: `NNX`."""

from compare.selftest.ports.nnx.convolutional import CONVOLUTIONAL
from compare.selftest.ports.nnx.dense import DENSE
from compare.selftest.ports.nnx.recurrent import RECURRENT
from compare.selftest.ports.nnx.transformer import TRANSFORMERS

NNX = (*DENSE, *CONVOLUTIONAL, *TRANSFORMERS, *RECURRENT)
