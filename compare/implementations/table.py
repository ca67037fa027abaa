"""The table of ways to a gradient.

Each entry builds an Implementation from (params, network, device). A framework is imported
when an implementation of it is built, so that a comparison loads no more than it uses.
"""

from collections.abc import Callable
from types import MappingProxyType

from compare.implementations.base import PRECISE, Implementation, Settings
from compare.problem.network import Network
from jaxmlp.base import Params

Build = Callable[..., Implementation]  # (params, network, device, settings=PRECISE)


def _jax_grad(
    params: Params, network: Network, device: str, settings: Settings = PRECISE
) -> Implementation:
    from compare.implementations.jax import implementation
    from jaxmlp import autodiff

    differentiate = autodiff.per_sample_gradients
    return implementation("jax_grad", differentiate, params, network, device, settings)


def _jax_manual(
    params: Params, network: Network, device: str, settings: Settings = PRECISE
) -> Implementation:
    from compare.implementations.jax import implementation
    from jaxmlp import backprop

    differentiate = backprop.per_sample_gradients
    return implementation("jax_manual", differentiate, params, network, device, settings)


def _torch_autograd(
    params: Params, network: Network, device: str, settings: Settings = PRECISE
) -> Implementation:
    from compare.implementations.torch import implementation

    return implementation(params, network, device, settings)


def _numpy_manual(
    params: Params, network: Network, device: str, settings: Settings = PRECISE
) -> Implementation:
    from compare.implementations.numpy import implementation

    del device, settings  # NumPy computes on the CPU beside whatever the others use
    return implementation(params, network)


IMPLEMENTATIONS: MappingProxyType[str, Build] = MappingProxyType(
    {
        "jax_grad": _jax_grad,
        "jax_manual": _jax_manual,
        "torch_autograd": _torch_autograd,
        "numpy_manual": _numpy_manual,
    }
)
