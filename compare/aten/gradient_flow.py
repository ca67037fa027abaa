"""Where a torch program stops gradients, which `torch.export` does not keep."""

import inspect
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

from compare.aten.refusals import Refusal
from torch_ref.trees import mapped, tensors_in

STOP = torch.ops.aten.detach_copy.default  # what `torch.export` keeps

_DATA = torch.Tensor.data
_DETACH = (torch.Tensor.detach, torch.detach, _DATA.__get__)
_DROPOUTS = (
    *(F.dropout, F.dropout1d, F.dropout2d, F.dropout3d),
    *(F.alpha_dropout, F.feature_alpha_dropout),
)
_APPLY = inspect.unwrap(torch.autograd.Function.apply.__func__).__code__


class StoppedGradients(TorchFunctionMode):
    """Puts `STOP` after all that a traced program computes without gradients.

    That is `.detach()`, `.data`, and what is made under `torch.no_grad` or `inference_mode`. In the
    forward of a `torch.autograd.Function` they have no meaning, since no gradient passes there.
    """

    def __init__(self, given: Sequence[torch.Tensor]) -> None:
        """Takes the tensors that the program is given."""
        super().__init__()
        self.given = given
        self.enabled = True
        self.shared: list[torch.Tensor] = []  # whose memory a stopped tensor has in torch

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Makes a call."""
        options = dict(kwargs or {})
        if func is torch._C._set_grad_enabled:
            if not _in_autograd_function():
                self.enabled = args[0]
            with torch._C.DisableTorchFunction():
                return func(*args)
        if func in _DROPOUTS and not (options.get("p") and options.get("training")):
            return args[0]  # as torch does, where torch.export makes a copy
        self._check_call(func, args)
        given = tensors_in((args, options))
        before = [(_version(tensor), tensor.requires_grad) for tensor in given]
        result = args[0].detach() if func == _DATA.__get__ else func(*args, **options)
        for tensor, (version, had_gradient) in zip(given, before, strict=True):
            if _version(tensor) != version:
                self._check_change(tensor, unseen=had_gradient and not self.enabled)
        if not self._stops(func, options):
            return result
        return mapped(result, lambda tensor: self._stopped(tensor, given), of=torch.Tensor)

    def _stops(self, func: Any, options: Mapping[str, Any]) -> bool:
        if not self.enabled:
            return True
        if func is torch.autograd.grad:
            return not options.get("create_graph")
        is_stop = func in _DETACH or torch.is_inference_mode_enabled()
        return is_stop and not _in_autograd_function()

    def _stopped(self, tensor: torch.Tensor, given: list[torch.Tensor]) -> torch.Tensor:
        if any(tensor is one for one in given) or not tensor.is_floating_point():
            return tensor
        stopped: torch.Tensor = STOP(tensor)
        if any(_share(tensor, one) for one in given):
            self.shared += [tensor, stopped]
        return stopped

    def _check_call(self, func: Any, args: Any) -> None:
        """Checks that a call is none that copies would not show."""
        if func in (torch.Tensor.backward, torch.autograd.backward):
            raise Refusal("calls .backward() in its forward; call torch.autograd.grad instead")
        if func == _DATA.__set__:
            raise Refusal("sets .data of a tensor, which autograd does not see; make a new tensor")
        if func is torch.Tensor.detach_ and args[0].requires_grad:
            raise Refusal("detaches a tensor in place with .detach_(); write .detach()")
        if func is torch.Tensor.requires_grad_ and any(args[0] is one for one in self.given):
            raise Refusal(
                "calls .requires_grad_() on what it is given; call it before, outside of it"
            )

    def _check_change(self, changed: torch.Tensor, *, unseen: bool) -> None:
        """Checks that a change in place is one that copies would show as well."""
        if any(_share(changed, one) for one in self.shared):
            raise Refusal(
                "changes in place a tensor that shares its memory with a detached one; write "
                ".detach().clone()"
            )
        if unseen:
            raise Refusal(
                "changes in place, under torch.no_grad, a tensor that has a gradient; make a new "
                "tensor"
            )


def _share(one: torch.Tensor, other: torch.Tensor) -> bool:
    mine, its = one.untyped_storage(), other.untyped_storage()
    return bool(mine._cdata == its._cdata)


def _version(tensor: torch.Tensor) -> int:
    """Counts the changes of a tensor in place; inference mode counts none."""
    return 0 if tensor.is_inference() else tensor._version


def _in_autograd_function() -> bool:
    """Whether this is called from the forward of a `torch.autograd.Function`."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code is _APPLY:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
