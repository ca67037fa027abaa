"""The numbers of fewest digits that occur in a run of torch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.utils import _pytree
from torch.utils._python_dispatch import TorchDispatchMode


class Dtypes(TorchDispatchMode):
    """Notes the dtypes of all floating-point tensors that operations read or make.

    What a kernel does that is no operation of torch, one of Triton say, it does not see.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[torch.dtype] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Runs an operation."""
        del types
        made = func(*args, **(kwargs or {}))
        for one in _pytree.tree_leaves((args, kwargs, made)):
            if isinstance(one, torch.Tensor) and one.is_floating_point():
                self.seen.add(one.dtype)
        return made

    @property
    def narrowest(self) -> str:
        """The name of the one of fewest digits; '' if it has as many as float64."""
        known = self.seen - {torch.float64}
        found = max(known, key=lambda one: torch.finfo(one).eps, default="")
        return str(found).removeprefix("torch.")
