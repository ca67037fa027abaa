"""--module: a torch module that a user names on the command line, as the network of a run."""

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from compare.errors import UsageError
from compare.implementations.base import Implementation, Settings
from compare.implementations.user.loading import load_candidate
from compare.implementations.user.sandbox import contained, errors_told
from compare.implementations.user.torch_module import Asked, recognise
from compare.options.config import Config
from jaxmlp.base import Params

if TYPE_CHECKING:
    from torch import nn


class NamedModule(NamedTuple):
    """What the module of a run brings; nothing if it has none."""

    params: Params = ()  # NumPy
    biases: tuple[bool, ...] = ()  # whether each layer has one; else its bias is 0
    implementations: tuple[Implementation, ...] = ()


def load_module(reference: str, *, seed: int = 0) -> "nn.Module":
    """Imports a module, or what makes one.

    Args:
      reference: 'FILE.py:NAME' or 'package.module:NAME'.
      seed: of torch's random numbers while it is made; they go on as before afterwards.

    Raises:
      UsageError: if there is no such thing, or it makes something else.
    """
    import torch

    where = f"--module={reference}"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        loaded = load_candidate(reference, option="--module")
        with contained(), errors_told(f"{where}: cannot be made"):
            found: Any = inspect.unwrap(loaded)
            if not isinstance(found, torch.nn.Module):
                found = found()
    if not isinstance(found, torch.nn.Module):
        raise UsageError(
            f"{where}: expected a torch.nn.Module or what makes one, got {type(found).__name__}"
        )
    return found


def with_module(config: Config) -> tuple[Config, NamedModule]:
    """Loads the module of a run, if it has one, and completes the options with what it is.

    Raises:
      UsageError: if it cannot be had or read, or contradicts an option.
    """
    if config.module is None:
        return config, NamedModule()
    from torch_ref import convert

    module = load_module(config.module, seed=config.seed or 0)
    asked = Asked(config.activation, config.output, config.loss, config.bias, config.l2)
    parts = recognise(module, Settings(config.matmul_precision, config.deterministic), asked)
    params = convert.from_tensors([leaf.detach() for layer in parts.layers for leaf in layer])
    dtype = params[0].w.dtype.name
    if config.dtype not in (None, dtype):
        raise UsageError(
            f"dtype: the module has {dtype}, got {config.dtype!r}; leave it "
            f"out, or call .to(torch.{config.dtype}) on the module"
        )
    complete = dataclasses.replace(config, dtype=dtype, **parts.network_options)
    return complete, NamedModule(params, parts.biases, (parts.implementation,))
