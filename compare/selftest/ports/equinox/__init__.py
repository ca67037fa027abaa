"""The networks in Equinox: `EQUINOX`."""

from compare.selftest.ports.equinox.convolutional import CONVOLUTIONAL
from compare.selftest.ports.equinox.dense import DENSE
from compare.selftest.ports.equinox.recurrent import RECURRENT
from compare.selftest.ports.equinox.transformer import TRANSFORMERS

EQUINOX = (*DENSE, *CONVOLUTIONAL, *TRANSFORMERS, *RECURRENT)
