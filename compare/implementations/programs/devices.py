"""On which device programs compute: the one that all arrays lie on, or the one asked for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jax

from compare.errors import UsageError, shown
from compare.implementations.jax import jax_devices

_DEVICE = re.compile(r"cpu|gpu|cuda|(cpu|cuda):\d{1,4}")


def device_of(asked: Any, given: Mapping[str, Any]) -> str:
    """Returns the name of a device: 'cpu', 'gpu', or one such as 'cuda:0'.

    Args:
      asked: by a user; None for the one that all arrays lie on.
      given: arrays of JAX and torch by name; others lie nowhere.

    Raises:
      UsageError: if they lie on several, or what is asked for is none.
    """
    if asked is not None:
        name = str(asked) if shown(asked) == "device" else asked  # of torch
        if not isinstance(name, str) or not _DEVICE.fullmatch(name):
            raise UsageError(
                f"device: expected cpu, gpu, or one such as cuda:0, got {shown(asked)}"
            )
        return "gpu" if name == "cuda" else name
    found: dict[str, str] = {}
    for name, one in given.items():
        for device in _devices(one):
            found.setdefault(device, name)
    if len(found) > 1:
        (a, first), (b, second), *_ = found.items()
        raise UsageError(
            f"args: expected all arrays on one device, got {first} on {a} and {second} on {b}; "
            f"move them, or pass device='{a}'"
        )
    return next(iter(found), "cpu")


def target(framework: str, device: str) -> Any:
    """Returns a device as a framework has it.

    Raises:
      UsageError: if it has none of that name.
    """
    try:
        if framework == "jax":
            return jax_devices(device)[0]
        from compare.implementations.torch import torch_device

        return torch_device(device)
    except UsageError as error:
        raise UsageError(str(error).replace("--device", "device")) from None


def _devices(one: Any) -> Iterator[str]:
    """Yields where an array lies; nothing for those of NumPy."""
    if isinstance(one, jax.Array):
        for device in one.devices():
            kind = "cuda" if device.platform == "gpu" else device.platform
            yield kind if (kind, device.id) == ("cpu", 0) else f"{kind}:{device.id}"
    elif hasattr(one, "detach"):
        yield str(one.device)
