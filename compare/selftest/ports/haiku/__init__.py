"""The networks in Haiku: `HAIKU`."""

from compare.selftest.ports.haiku.convolutional import CONVOLUTIONAL
from compare.selftest.ports.haiku.dense import DENSE
from compare.selftest.ports.haiku.recurrent import RECURRENT
from compare.selftest.ports.haiku.transformer import TRANSFORMERS

HAIKU = (*DENSE, *CONVOLUTIONAL, *TRANSFORMERS, *RECURRENT)
