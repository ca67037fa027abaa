"""The table of ways to a gradient.

A framework is imported when an implementation of it is built, so that a comparison loads no more
than it uses.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

from compare.implementations.base import PRECISE, Implementation, Settings
from compare.problem.network import Network
from jaxmlp.base import Params


def _jax_grad(params: Params, network: Network, device: str, settings: Settings) -> Implementation:
    from compare.implementations.jax import implementation
    from jaxmlp import autodiff, batches

    differentiate, of_batch = autodiff.per_sample_gradients, batches.autodiff_gradient
    where = device, settings
    return implementation("jax_grad", differentiate, params, network, *where, of_batch=of_batch)


def _jax_manual(
    params: Params, network: Network, device: str, settings: Settings
) -> Implementation:
    from compare.implementations.jax import implementation
    from jaxmlp import backprop, batches

    differentiate, of_batch = backprop.per_sample_gradients, batches.backprop_gradient
    where = device, settings
    return implementation("jax_manual", differentiate, params, network, *where, of_batch=of_batch)


def _torch_autograd(
    params: Params, network: Network, device: str, settings: Settings
) -> Implementation:
    from compare.implementations.torch import implementation

    return implementation(params, network, device, settings)


def _numpy_manual(
    params: Params, network: Network, device: str, settings: Settings
) -> Implementation:
    from compare.implementations.numpy import implementation

    del device, settings  # NumPy computes on the CPU beside whatever the others use
    return implementation(params, network)


class Entry(NamedTuple):
    """One way to a gradient; call it to build an implementation."""

    framework: str  # 'jax', 'torch' or 'numpy', which knows the devices
    formula: str  # a key of `formulas.FORMULAS`
    dump_stem: str  # of the names of its files
    build: Callable[[Params, Network, str, Settings], Implementation]

    def __call__(
        self, params: Params, network: Network, device: str, settings: Settings = PRECISE
    ) -> Implementation:
        """Builds it for some weights on a device.

        Raises:
          UsageError: if the framework has no such device.
        """
        made = self.build(params, network, device, settings)
        return made._replace(formula=self.formula, dump_stem=self.dump_stem)


IMPLEMENTATIONS: MappingProxyType[str, Entry] = MappingProxyType(
    {
        "jax_grad": Entry("jax", "autodiff", "jax_autograd", _jax_grad),
        "jax_manual": Entry("jax", "backprop", "my_autograd", _jax_manual),
        "torch_autograd": Entry("torch", "torch", "torch_autograd", _torch_autograd),
        "numpy_manual": Entry("numpy", "backprop", "numpy_manual", _numpy_manual),
    }
)
