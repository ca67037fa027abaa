"""The steps of a torch module's forward, traced."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from torch_ref.activations import ACTIVATIONS

_ACTIVATION_OF: dict[Any, str] = {
    spelling: name for name, row in ACTIVATIONS.items() for spelling in row.spellings
}
# exp of more than this is infinite in float32, in which torch computes softplus of float16 too
_OVERFLOWS = 88.0


class ModuleError(ValueError):
    """The module is not a plain chain of linear layers; the message says where and why."""


class Step(NamedTuple):
    """A layer or an activation that the forward calls."""

    place: str  # in words
    name: str  # of the layer, as in named_modules()
    what: nn.Linear | str  # the layer, or a key of ACTIVATIONS


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Keeps a layer whole, one of a subclass too."""
        return isinstance(m, nn.Linear) or super().is_leaf_module(m, module_qualified_name)


def trace_steps(module: nn.Module, dtype: torch.dtype) -> Iterator[Step]:
    """Traces the forward; each step takes the result of the one before, nn.Identity is left out.

    Args:
      module: takes one tensor and gives one.
      dtype: of its parameters.

    Raises:
      ModuleError: for a forward that is no such sequence of layers and activations.
    """
    try:
        # As a child of another module it is called as people call it, with its own defaults.
        graph = _Tracer().trace(nn.Sequential(module))
    except Exception as error:  # whatever the forward raises
        raise ModuleError(
            "module: torch.fx cannot follow its forward, which must take one input and be free of "
            f"control flow that depends on numbers: {first_line(error)}"
        ) from None
    previous, *nodes, output = graph.nodes  # in the order in which they are computed
    for node in nodes:
        step = _step(module, node, previous, dtype)
        if step.what != "identity":
            yield step
        previous = node
    if output.args[0] is not previous:
        raise ModuleError(
            "module: expected forward to return one tensor, the result of its last step; take out "
            "other outputs and steps whose results are not used"
        )


def place(name: str, module: nn.Module) -> str:
    """Names a submodule in words, as in "fc1 (Linear)"."""
    return f"{name or 'the module'} ({type(module).__name__})"


def first_line(error: Exception) -> str:
    """Returns the kind of an error and its first line, to be quoted in a sentence."""
    kind, line = type(error).__name__, str(error).strip().partition("\n")[0]
    return f"{kind}: {line}" if line else kind


def _step(module: nn.Module, node: fx.Node, previous: fx.Node, dtype: torch.dtype) -> Step:
    called = _inner_name(node.target) if node.op == "call_module" else _enclosing(node)
    part = module.get_submodule(called)
    where = place(called, part)
    if node.op == "call_module":
        operation: str = type(part).__name__
        key, options = type(part), vars(part)
    else:
        operation = getattr(node.target, "__name__", str(node.target))
        where = f"{where}, {operation}"
        row = ACTIVATIONS.get(_ACTIVATION_OF.get(node.target, ""))
        names = row.options if row else ()
        key, options = node.target, dict(zip(names, node.args[1:], strict=False)) | node.kwargs
    if node.op == "get_attr":
        raise ModuleError(
            f"{where}: forward uses a tensor by itself; let it call nn.Linear layers instead"
        )
    if node.all_input_nodes != [previous]:
        raise ModuleError(
            f"{where}: it does not take the result of the step before it alone; take out branches "
            "and skip connections"
        )
    if isinstance(part, nn.Linear) and node.op == "call_module":
        return Step(where, called, part)
    activation = _ACTIVATION_OF.get(key)
    if activation is None:
        raise ModuleError(f"{where}: {_advice(operation)}")
    reason = _difference(activation, options, dtype)
    if reason:
        raise ModuleError(f"{where}: {reason}")
    return Step(where, called, activation)


def _inner_name(path: str) -> str:
    """Takes off the name that the module has in the nn.Sequential around it."""
    return path.partition(".")[2]


def _enclosing(node: fx.Node) -> str:
    stack = node.meta.get("nn_module_stack")
    return _inner_name(next(reversed(stack.values()))[0]) if stack else ""


def _advice(operation: str) -> str:
    if "dropout" in operation.lower():
        return "dropout changes what is computed; remove it or use nn.Identity, in eval mode too"
    known = ", ".join(ACTIVATIONS)
    return (
        f"expected nn.Linear layers and one of {known} between them, got {operation}; take it out "
        "or use one of these"
    )


def _difference(activation: str, options: dict[str, Any], dtype: torch.dtype) -> str | None:
    """Says how an activation with these options differs from ours, or returns None."""
    if activation == "gelu" and options.get("approximate", "none") != "tanh":
        return "the erf form of GELU is not compared; use approximate='tanh'"
    if activation != "softplus":
        return None
    beta, threshold = options.get("beta", 1), options.get("threshold", 20)
    if beta != 1:
        return f"expected softplus with beta=1, got {beta}; use beta=1"
    # Above its threshold torch takes 1 for the derivative, 1 / (1 + exp(-z)), which rounds to 1
    # where exp(-z) is at most half the spacing of the numbers below 1, eps / 4.
    # Modules in low precision are tried in float32 too.
    dtype = dtype if dtype == torch.float64 else torch.float32
    if not math.exp(-threshold) <= torch.finfo(dtype).eps / 4 or threshold > _OVERFLOWS:
        return (
            f"softplus with threshold={threshold} is not exact in {str(dtype)[6:]}; use "
            "threshold=40"
        )
    return None
