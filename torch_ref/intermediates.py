"""Every tensor that a program of torch makes."""

import contextlib
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from torch_ref.recording import is_seen
from torch_ref.trees import parts_of

# what changes its first argument and returns nothing
_STORES = (torch.Tensor.__setitem__,)
# conversions of dtypes, and gradients
_UNCOUNTED = ("to", "type", "type_as", "float", "double", "half", "bfloat16", "grad")


@contextlib.contextmanager
def results_seen(
    see: Callable[[str, torch.Tensor], None],
    chosen: Collection[str] | None = None,
    sizes: Collection[int] | None = None,
) -> Iterator[None]:
    """Calls `see(name, tensor)` for all that functions of torch return, while the context lasts.

    A name has the number of the call and a check sum of all calls up to there, '~12.5e0fa1c2', so
    that two programs have a name in common only if they are the same so far; conversions of dtypes
    do not count, nor do gradients. What is computed in the backward pass is not seen, nor what
    torch's functions call themselves.

    Args:
      see: what it returns is not looked at.
      chosen: the names to see; None for all.
      sizes: how many entries a tensor may have to be seen; None for any number.
    """
    with _Results(see, chosen, sizes):
        yield


class _Results(TorchFunctionMode):
    """Sees what functions return."""

    def __init__(
        self,
        see: Callable[[str, torch.Tensor], None],
        chosen: Collection[str] | None,
        sizes: Collection[int] | None,
    ) -> None:
        super().__init__()
        self._see, self._chosen, self._sizes = see, chosen, sizes
        self._number, self._total = 0, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        if torch._C._current_graph_task_id() < 0:  # not in the backward pass
            self._note(func, args[0] if func in _STORES else made)
        return made

    def _note(self, func: Callable[..., Any], made: Any) -> None:
        tensors = [(path, leaf) for path, leaf in parts_of(made) if is_seen(leaf)]
        name = getattr(func, "__name__", "")
        if not tensors or name in _UNCOUNTED:
            return
        said = name, [tuple(leaf.shape) for _, leaf in tensors]
        self._number, self._total = self._number + 1, zlib.crc32(repr(said).encode(), self._total)
        for path, leaf in tensors:
            full = f"~{self._number}.{self._total:08x}{path}"
            is_chosen = self._chosen is None or full in self._chosen
            if is_chosen and (self._sizes is None or leaf.numel() in self._sizes):
                self._see(full, leaf)
