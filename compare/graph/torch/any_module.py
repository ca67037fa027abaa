"""Any torch module at all, called once: for a graph of what it does where there are no formulas."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import nn

from compare.catalogue import output_of
from compare.errors import UsageError
from compare.graph.torch.recording import Recording, record
from torch_ref.losses import LOSSES
from torch_ref.module import takes_labels, unwrapped
from torch_ref.refusals import first_line
from torch_ref.trees import tensors_in

_SIDES = (8, 28, 32, 64, 224)  # of pictures that a convolution is tried on
_LENGTH = 5  # of sequences
_TRIES = 60


Loss: TypeAlias = Callable[[torch.Tensor, torch.Tensor], Any]  # of yhat and y


class AnyModule(NamedTuple):
    """A loss that a module has made."""

    recording: Recording
    places: dict[str, str]  # submodule -> its kind
    is_own: bool  # whether its forward has returned the loss


class Sample(NamedTuple):
    """What a forward is given."""

    x: torch.Tensor
    y: torch.Tensor | None  # None where it takes none


def call_any(
    module: nn.Module,
    *,
    input_shape: Sequence[int] | None,
    loss: Loss,
) -> AnyModule:
    """Calls a module with zeros of a shape that it takes, and makes a loss of what it returns.

    Parameters and buffers are copied: nothing in it is changed.

    Args:
      module: any.
      input_shape: of one sample; None to try what the first layer may take.
      loss: of what it returns and a label, if it returns none itself.

    Raises:
      UsageError: if it takes none of the shapes, or gives nothing that can be differentiated.
    """
    module = unwrapped(module)
    with torch.random.fork_rng(devices=[]):
        return _first_that_works(module, input_shape, loss)


def _first_that_works(
    module: nn.Module, input_shape: Sequence[int] | None, loss: Loss
) -> AnyModule:
    own = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    first: Exception | None = None
    for sample in itertools.islice(_samples(module, input_shape), _TRIES):
        copies = {name: one.detach().clone() for name, one in own.items()}
        params = {name: copies[name] for name, _ in module.named_parameters()}
        for one in params.values():
            one.requires_grad_(one.is_floating_point())
        try:
            return _recorded(module, copies, params, sample, loss)
        except UsageError:
            raise
        except Exception as error:  # whatever a forward raises of a shape that does not suit it
            first = first or error
    asked = "pass input_shape, the shape of one sample, if that is what it misses"
    if input_shape is not None:
        asked = f"it was given zeros [1, {', '.join(map(str, input_shape))}]"
    why = first_line(first) if first else "it has no parameters that say what it takes"
    raise UsageError(f"module: its forward cannot be called: {why}; {asked}")


def named_loss(name: str) -> Loss:
    """Returns a loss of the catalogue, summed over whatever a module returns."""
    output = output_of("linear", name)

    def loss(yhat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        made = LOSSES[output, name](yhat, y)
        return made if made.numel() == 1 else made.sum()

    return loss


def _recorded(
    module: nn.Module,
    copies: dict[str, torch.Tensor],
    params: dict[str, torch.Tensor],
    sample: Sample,
    loss: Loss,
) -> AnyModule:
    inputs = (sample.x,) if sample.y is None else (sample.x, sample.y)
    with torch.no_grad():
        made = torch.func.functional_call(module, dict(copies), inputs)
    is_own = _own_loss(made, sample) is not None
    y = sample.y
    if not is_own and y is None:
        y = _label_for(loss, _prediction(made))
    given = {"x": sample.x} if y is None else {"x": sample.x, "y": y}

    def run() -> torch.Tensor:
        made = torch.func.functional_call(module, copies, inputs)
        own = _own_loss(made, sample)
        if own is not None:
            return own
        yhat = _prediction(made)
        return torch.as_tensor(loss(yhat, given["y"] if sample.y is None else _zeros(yhat)))

    recording = record(module, {**given, **params}, run)
    places = {name: type(part).__name__ for name, part in module.named_modules()}
    return AnyModule(recording, places, is_own)


def _label_for(loss: Loss, yhat: torch.Tensor) -> torch.Tensor:
    """Returns a label that a loss takes beside yhat: numbers, or the numbers of classes.

    Raises:
      UsageError: if it takes neither, or returns no number.
    """
    yhat, first = yhat.clone().requires_grad_(), None
    classes = torch.zeros(len(yhat), dtype=torch.int64, device=yhat.device)
    for y in (_zeros(yhat), classes):
        try:
            made = loss(yhat, y)
        except Exception as error:  # whatever a loss raises of a label that does not suit it
            first = first or error
            continue
        is_one = isinstance(made, torch.Tensor) and made.numel() == 1
        if is_one and made.requires_grad:
            return y
        got = f"a tensor {list(made.shape)}" if isinstance(made, torch.Tensor) else repr(made)
        got = "one that does not depend on it" if is_one else got[:60]
        raise UsageError(f"loss: expected a tensor of one number, made of yhat, got {got}")
    assert first is not None
    raise UsageError(
        f"loss: it cannot be called with yhat {list(yhat.shape)} and a label: {first_line(first)}"
    )


def _prediction(made: Any) -> torch.Tensor:
    """Returns the first tensor of numbers that a forward returns."""
    found = [one for one in tensors_in(made) if one.is_floating_point()]
    if not found:
        raise UsageError(f"module: expected its forward to return a tensor, got {made!r:.60}")
    return found[0]


def _own_loss(made: Any, sample: Sample) -> torch.Tensor | None:
    """Returns the loss of a forward that gives one: one number, and no list of one without y."""
    for one in tensors_in(made):
        if one.is_floating_point() and one.numel() == 1 and (sample.y is not None or not one.ndim):
            return one
    return None


def _zeros(yhat: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(yhat, requires_grad=False)


def _samples(module: nn.Module, input_shape: Sequence[int] | None) -> Iterator[Sample]:
    """Yields what a forward may take, of one sample and then of two."""
    like = next((p for p in module.parameters() if p.is_floating_point()), torch.zeros(()))
    shapes = [tuple(input_shape)] if input_shape is not None else list(_shapes(module))
    classes = [p.shape[0] for p in module.parameters() if p.ndim][::-1]
    for n, shape in itertools.product((1, 2), dict.fromkeys(shapes)):
        for kind in (like.dtype, torch.int64):
            x = torch.zeros((n, *shape), dtype=kind, device=like.device)
            if not takes_labels(module):
                yield Sample(x, None)
                continue
            yield Sample(x, torch.zeros(n, dtype=torch.int64, device=like.device))
            for k in dict.fromkeys(classes):
                yield Sample(x, like.new_zeros((n, k)))


def _shapes(module: nn.Module) -> Iterator[tuple[int, ...]]:
    """Yields shapes of one sample, those first that the first layer with weights takes."""
    for part in module.modules():
        if any(True for _ in part.parameters(recurse=False)):
            yield from _shapes_of(part)
    for p in module.parameters():
        yield from ((n,) for n in reversed(p.shape))


def _shapes_of(part: Any) -> Iterator[tuple[int, ...]]:
    if isinstance(part, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        spread = len(part.kernel_size)
        yield from ((part.in_channels, *(side,) * spread) for side in _SIDES)
    elif isinstance(part, nn.Embedding):
        yield (_LENGTH,)
    elif isinstance(part, nn.RNNBase | nn.RNNCellBase):
        yield (_LENGTH, part.input_size)
        yield (part.input_size,)
    elif isinstance(part, nn.MultiheadAttention):
        yield (_LENGTH, part.embed_dim)
    elif isinstance(part, nn.LayerNorm):
        yield tuple(part.normalized_shape)
        yield (_LENGTH, *part.normalized_shape)
    elif hasattr(part, "in_features"):
        yield (part.in_features,)
        yield (_LENGTH, part.in_features)
    elif hasattr(part, "num_features"):
        yield (part.num_features,)
        yield from ((part.num_features, side, side) for side in _SIDES)
