"""A call of a torch module with other parameters than its own, which it has again afterwards."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def call_with(module: nn.Module, params: Mapping[str, torch.Tensor], *inputs: torch.Tensor) -> Any:
    """Returns what the forward makes of its inputs.

    Where parts share a parameter, they share the other one too. torch's own `tie_weights` does not
    put things back where one part has two names.

    Args:
      module: that is called.
      params: by the names of `named_parameters`; it keeps its own where there is none.
      inputs: of its forward.
    """
    first_name: dict[int, str] = {}
    given = {}
    for prefix, part in module.named_modules():  # each once
        for key, own in part.named_parameters(prefix, recurse=False):
            name = first_name.setdefault(id(own), key)
            if name in params:
                given[key] = params[name]
    return torch.func.functional_call(module, given, inputs, tie_weights=False)
