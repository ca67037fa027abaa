"""Which function of the catalogue a stretch of a forward is, found by its numbers in float64.

However a module spells it, and whatever it reshapes on the way, it is the same function.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import torch

from torch_ref.activations import ACTIVATIONS, FAMILIES
from torch_ref.losses import LOSSES, OUTPUTS
from torch_ref.trace import Trace

Vector = Callable[[torch.Tensor], torch.Tensor]  # z [n] -> [n], and of each row of [m, n]

# what a forward may give: an output of ours, or its logarithm, as nn.NLLLoss takes it
PREDICTIONS: MappingProxyType[str, Vector] = MappingProxyType(
    {**OUTPUTS, "log_softmax": lambda z: z.log_softmax(-1)}
)
HIDDEN: MappingProxyType[str, Vector] = MappingProxyType(
    {name: row.fn for name, row in ACTIVATIONS.items() if name not in FAMILIES}
)
# where a function that has a number is minus that number
_NUMBER_AT = {"leaky_relu": -1.0, "elu": -40.0}
# how a forward may take y [N, k]
LABELS: MappingProxyType[str, Vector] = MappingProxyType(
    {
        "row": lambda y: y,
        "flat": lambda y: y.flatten() if 1 in y.shape else y,  # without an axis of one
        "classes": lambda y: y.argmax(-1),
    }
)
# Steps of 1/4, so that a function that goes over into another at a threshold shows it, as torch's
# softplus does, by exp(-threshold).
_GRID = torch.cat(
    [torch.linspace(-40, 40, 321, dtype=torch.float64), torch.tensor([-100.0, 100.0]).double()]
)
_DRAWS = 16  # of z and y, for losses


class Match(NamedTuple):
    """What a stretch of a forward computes."""

    name: str | None  # in the table; None for another function
    nearest: str  # that which it is, or is least off; empty where its numbers are not as many
    off: float  # by how much
    at: float  # at which z


def activation(name: str) -> Vector:
    """Returns an activation by its name, such as relu or leaky_relu:0.2."""
    kind, _, number = name.partition(":")
    return FAMILIES[kind](float(number)).fn if number else ACTIVATIONS[kind].fn


def shaped_label(label: str, y: torch.Tensor) -> torch.Tensor:
    """Returns y [k] as a forward takes it with a batch of one."""
    return LABELS[label](y.unsqueeze(0))


def match(
    trace: Trace, start: int, target: int, dtype: torch.dtype, table: Mapping[str, Vector]
) -> Match:
    """Looks up the function that makes a node of another one.

    Args:
      trace: of a forward.
      start: the node that is z.
      target: the node that is made of it.
      dtype: that of the module, in which they must be the same.
      table: functions by name.
    """
    shape = trace.nodes[start].value.shape
    z = _rows(shape.numel())
    best = Match(None, "", math.inf, 0.0)
    try:
        found = torch.stack([trace.replay(target, {start: row.reshape(shape)}) for row in z])
    except Exception:  # what torch says of a function that float64 or other numbers do not suit
        return best
    if found.numel() != z.numel():
        return best
    found = found.reshape(z.shape)
    for name, function in {**table, **(_numbered(z, found) if table is HIDDEN else {})}.items():
        expected = function(z)
        off = (found - expected).abs()
        if bool((off <= _allowed(expected, dtype)).all()):
            return Match(name, name, 0.0, 0.0)
        worst = int(off.argmax())
        if float(off.max()) < best.off:
            best = Match(None, name, float(off.max()), float(z.flatten()[worst]))
    return best


def _numbered(z: torch.Tensor, found: torch.Tensor) -> dict[str, Vector]:
    """Returns those activations that have a number, with the one that would make these values."""
    numbers = {kind: -float(found[z == at][0]) for kind, at in _NUMBER_AT.items()}
    names = [f"{kind}:{number!r}".removesuffix(".0") for kind, number in numbers.items()]
    return {name: activation(name) for name in names}


def match_loss(
    trace: Trace, z: int, y: int, target: int, dtype: torch.dtype, label: str
) -> tuple[tuple[str, str], int] | None:
    """Looks up the output and the loss that make a node of z of the last layer and of y.

    Args:
      trace: of a forward.
      z: the node that is z.
      y: the node that is y.
      target: the node that is the loss.
      dtype: that of the module.
      label: a key of LABELS, how y is taken.

    Returns:
      A key of LOSSES, and the number by which that loss is divided, 1 or k; None for another loss.
    """
    shape = trace.nodes[z].value.shape
    k = shape.numel()

    def found(draws: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        """Returns the loss of the forward; not a number where that is none, of such labels."""
        given = ({z: z_i.reshape(shape), y: shaped_label(label, y_i)} for z_i, y_i in draws)
        try:
            return torch.stack([trace.replay(target, one).reshape(()) for one in given])
        except Exception:  # what torch says of labels of another kind
            return torch.tensor(math.nan)

    draws = {loss: list(_labelled(k, loss, label)) for _, loss in LOSSES}
    values = {loss: found(draws[loss]) for loss in draws}
    for divisor, (end, loss) in itertools.product((1, k), LOSSES.items()):
        expected = torch.stack([loss(z_i, y_i) for z_i, y_i in draws[end[1]]]) / divisor
        if bool(((values[end[1]] - expected).abs() <= _allowed(expected, dtype)).all()):
            return end, divisor
    return None


def _labelled(k: int, loss: str, label: str) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yields z and y such as a loss takes it; y of another loss might be refused."""
    generator = torch.Generator().manual_seed(0)
    for i in range(_DRAWS):
        z = 3 * torch.randn(k, generator=generator, dtype=torch.float64)
        y = torch.zeros_like(z)
        y[i % k] = 1
        if label != "classes" and loss != "cross_entropy":
            y = 3 * torch.randn(k, generator=generator, dtype=torch.float64)
            if loss == "binary_cross_entropy":
                y = y.sigmoid()
            if loss == "hinge":
                y = y.sign()
        yield z, y


def _allowed(expected: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Half an ulp below 1 in a dtype, and what formulas of one function differ by in float64."""
    rounding = 16 * torch.finfo(torch.float64).eps * expected.abs().clamp(min=1)
    return rounding.clamp(min=torch.finfo(dtype).eps / 4)


def _rows(n: int) -> torch.Tensor:
    """Returns the grid as rows of n, its numbers in no order, so that each meets others."""
    generator = torch.Generator().manual_seed(0)
    numbers = _GRID[torch.randperm(len(_GRID), generator=generator)]
    rows = -(-len(numbers) // n)
    return numbers.repeat(-(-n // len(numbers)) + 1)[: rows * n].reshape(rows, n)
