"""torch's `.pt` files: a state_dict, alone or in a checkpoint, and never a pickled module."""

import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from compare.errors import UsageError

_HELD_UNDER = ("state_dict", "model_state_dict", "model")  # in a checkpoint
_SAVE = "torch.save(model.state_dict(), 'weights.pt')"


def read_state_dict(path: str, *, option: str) -> dict[str, np.ndarray]:
    """Reads every tensor of a state_dict; bfloat16 is widened to float32.

    Raises:
      UsageError: if there is none in the file, or it could only be had by running what is in there.
    """
    where = f"{option} {path}"
    held = _load(path, where)
    for key in _HELD_UNDER:
        if isinstance(held, Mapping) and isinstance(held.get(key), Mapping):
            held = held[key]
    if not isinstance(held, Mapping) or not held:
        got = "an empty one" if isinstance(held, Mapping) else f"a {type(held).__name__}"
        raise UsageError(f"{where}: expected a state_dict, as {_SAVE} writes it, got {got}")
    return {str(name): _array(tensor, f"{where}: {name}") for name, tensor in held.items()}


def _load(path: str, where: str) -> Any:
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is refused below
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UsageError(f"{where}: {error.strerror or error}") from None
    except pickle.UnpicklingError:
        raise UsageError(
            f"{where}: it holds more than tensors, such as a whole pickled module, which is never "
            f"loaded, because that could run anything; save its weights alone: {_SAVE}"
        ) from None
    except Exception as error:  # torch raises many kinds for damaged files
        if "TorchScript" in str(error):
            raise UsageError(
                f"{where}: expected a state_dict, got a TorchScript archive; save the weights "
                f"alone: {_SAVE}"
            ) from None
        raise UsageError(
            f"{where}: the file is damaged, cut short or not of torch; expected a state_dict, as "
            f"{_SAVE} writes it"
        ) from None


def _array(tensor: Any, where: str) -> np.ndarray:
    import torch

    if not isinstance(tensor, torch.Tensor):
        raise UsageError(f"{where}: expected a tensor, got a {type(tensor).__name__}")
    if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        raise UsageError(
            f"{where}: expected a dense tensor with numbers, got {tensor.layout}"
            + " on the meta device" * tensor.is_meta
            + ", quantized" * tensor.is_quantized
        )
    tensor = tensor.detach()
    return np.array((tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy())
