"""A torch module as it is: the chain that its forward computes."""

import inspect
import itertools
import warnings
from collections.abc import Iterator

import torch
from torch import nn

from torch_ref.chain import Chain
from torch_ref.chain_reader import read_chain
from torch_ref.lookup import LABELS, shaped_label
from torch_ref.module_checks import LOW_PRECISION, check_plain, common_type, unwrapped
from torch_ref.module_gradients import check_outcome
from torch_ref.refusals import ModuleError, first_line
from torch_ref.trace import ForwardError, trace_forward

__all__ = ["Chain", "ModuleError", "parameters_of", "read_module", "unwrapped"]

_PROBES = 8
# what people call the second argument of a forward that gives a loss
_LABEL_NAMES = ("y", "t", "label", "labels", "target", "targets")


def read_module(module: nn.Module) -> Chain:
    """Recognises a chain of affine layers and activations.

    The forward itself is traced, and the chain is then tried on numbers. Nothing is changed: no
    parameter, no `.grad`, no training mode, no random state.

    Args:
      module: a module that takes [N, d], or also labels; what torch.compile or DataParallel wraps
        is read.

    Raises:
      ModuleError: for anything else, naming the place and what to do.
    """
    module = unwrapped(module)
    for name, part in module.named_modules():
        check_plain(name, part)
    dtype, device = common_type(module)
    wide = torch.float32 if dtype in LOW_PRECISION else dtype
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        chain = _chain(module, wide, device)
        _check_numbers(module, chain, dtype, device)
    return chain


def parameters_of(
    module: nn.Module, chain: Chain
) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """Returns weight [n_out, n_in] and bias [n_out] of each layer, None where it has none."""
    own = dict(unwrapped(module).named_parameters())
    return [layer.of(own) for layer in chain.layers]


def _chain(module: nn.Module, dtype: torch.dtype, device: torch.device) -> Chain:
    """Traces the forward with random parameters, for the first inputs that suit it.

    Parameters are positive, so that no relu makes all of them 0.
    """
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(shape, generator=generator, dtype=dtype).to(device) + 0.5

    params = {
        name: draw(*p.shape) / (max(p.shape) if p.ndim > 1 else 2)
        for name, p in module.named_parameters()
    }
    if not params:
        raise ModuleError("module: expected affine layers, z = W h + b, got no parameters")
    error: ForwardError | None = None
    with warnings.catch_warnings():
        # torch warns where it would broadcast y
        for strict, (n, label, k) in itertools.product((True, False), _inputs(module)):
            warnings.simplefilter("error" if strict else "ignore", UserWarning)
            samples = {"x": draw(1, n)}
            if label is not None:
                samples["y"] = shaped_label(label, draw(k) / 2)
            try:
                return read_chain(trace_forward(module, params, samples), dtype, label)
            except ForwardError as raised:
                error = error or raised
    assert error is not None
    raise error


def _inputs(module: nn.Module) -> Iterator[tuple[int, str | None, int]]:
    """Yields what the forward may take: how many inputs, and labels in which form, how many."""
    shapes = [p.shape for p in module.parameters() if p.ndim]
    inputs = dict.fromkeys(n for shape in shapes for n in reversed(shape))
    if not takes_labels(module):
        yield from ((n, None, 0) for n in inputs)
        return
    outputs = dict.fromkeys(n for shape in reversed(shapes) for n in shape)
    yield from itertools.product(inputs, LABELS, outputs)


def takes_labels(module: nn.Module) -> bool:
    """Whether the forward is to be called with x and y."""
    try:
        given = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # it has none that can be read
        return False
    second = [one for one in given if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)][
        1:2
    ]
    return any(one.default is one.empty or one.name in _LABEL_NAMES for one in second)


@torch.no_grad()
def _check_numbers(
    module: nn.Module, chain: Chain, dtype: torch.dtype, device: torch.device
) -> None:
    """Tries the module on random x in [0, 1], in case its forward does what no trace shows."""
    generator = torch.Generator().manual_seed(0)
    d, k = chain.layer_sizes[0], chain.layer_sizes[-1]
    x = torch.rand((_PROBES, d), generator=generator, dtype=dtype, device="cpu").to(device)
    own = {name: p.detach() for name, p in module.named_parameters()}
    y = torch.zeros(k, dtype=dtype, device=device)
    y[0] = 1
    for x_i in x:
        try:
            prediction, loss = chain.run(module, own, x_i, y)
        except Exception as error:  # whatever the forward raises
            raise ModuleError(
                f"module: its forward fails on a sample: {first_line(error)}"
            ) from None
        if prediction is not None:
            check_outcome(chain, own, x_i, y, prediction)
        elif loss is not None:
            check_outcome(chain, own, x_i, y, loss * chain.divisor)
