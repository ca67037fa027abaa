"""Whether a program draws random numbers."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.export import ExportedProgram
from torch.fx import GraphModule, Node

from compare.aten.refusals import place_of
from compare.errors import UsageError

_RANDOM = torch.Tag.nondeterministic_seeded
_RATES = ("p", "dropout", "dropout_p")
_MODES = ("train", "training")


def check_chance(exported: ExportedProgram, module: nn.Module | None) -> None:
    """Checks that a program draws no random numbers.

    Args:
      exported: before its decomposition, in which torch loses the dropout of an LSTM.
      module: that it was exported from; None for a function.

    Raises:
      UsageError: naming what draws, and where.
    """
    for part in exported.graph_module.modules():
        for node in part.graph.nodes if isinstance(part, GraphModule) else ():
            if _RANDOM in getattr(node.target, "tags", ()):
                _check(node, module)


def _check(node: Node, module: nn.Module | None) -> None:
    given = _arguments(node)
    rates = [given[name] for name in _RATES if name in given]
    modes = [given[name] for name in _MODES if name in given]
    if 0 in rates or False in modes:
        return
    name = node.target.__name__.partition(".")[0]
    mode = " in train mode" if modes else ""
    rate = " with dropout" if rates and "dropout" not in name else ""
    raise UsageError(
        f"{place_of(node, module)}: expected a deterministic forward, got {name}{mode}{rate}; "
        "call .eval(), set its rate to 0, or give the random numbers as an argument"
    )


def _arguments(node: Node) -> Mapping[str, Any]:
    """Returns the arguments of an operation by name, with those that it has by default."""
    schema = node.target._schema.arguments
    defaults = {one.name: one.default_value for one in schema if one.has_default_value()}
    names = [one.name for one in schema]
    return {**defaults, **dict(zip(names, node.args, strict=False)), **node.kwargs}
