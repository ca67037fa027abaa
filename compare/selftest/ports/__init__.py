"""Networks of torch in the frameworks of JAX: `PORTS`."""

from compare.selftest.ports.equinox import EQUINOX
from compare.selftest.ports.haiku import HAIKU
from compare.selftest.ports.linen import LINEN
from compare.selftest.ports.nnx import NNX
from compare.selftest.ports.port import Port

__all__ = ["PORTS", "Port"]

PORTS: tuple[Port, ...] = (*LINEN, *NNX, *EQUINOX, *HAIKU)
