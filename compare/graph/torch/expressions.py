"""Operations of torch as people write them: `x @ w1 + b1` for an addmm.

Of one sample: a batch of one is a vector, views say nothing, and a sum is one over the outputs.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch

from compare.graph.infix import ATOM, POWER, PRODUCT, SIGN, SUM, infix

# operation -> its text, and how tightly what stands left and right of its operators must bind
_INFIX: MappingProxyType[str, tuple[str, int, int]] = MappingProxyType(
    {
        "add": ("{} + {}", SUM, SUM),
        "sub": ("{} - {}", SUM, PRODUCT),
        "mul": ("{} * {}", PRODUCT, SIGN),
        "div": ("{} / {}", PRODUCT, SIGN),
        "pow": ("{}^{}", ATOM, ATOM),
        "neg": ("-{}", POWER, POWER),
        "reciprocal": ("1 / {}", SIGN, SIGN),
        "eq": ("{} == {}", SUM, SUM),
        "ne": ("{} != {}", SUM, SUM),
        "gt": ("{} > {}", SUM, SUM),
        "ge": ("{} >= {}", SUM, SUM),
        "lt": ("{} < {}", SUM, SUM),
        "le": ("{} <= {}", SUM, SUM),
        **dict.fromkeys(("mm", "bmm", "mv", "dot"), ("{} @ {}", PRODUCT, SIGN)),
    }
)
# the product and what is added to it, by the places of the arguments
_ADDED = ("addmm", "addmv", "baddbmm", "addbmm")
_SAME = (
    *("view", "_unsafe_view", "_reshape_alias", "reshape", "alias", "unsqueeze", "squeeze"),
    *("clone", "_to_copy", "to", "detach", "contiguous", "expand", "lift_fresh", "flatten"),
)
_TURNED = ("t", "transpose", "permute", "numpy_T")
_CALLS = MappingProxyType(
    {
        "_softmax": "softmax({})",
        "_log_softmax": "log_softmax({})",
        "sum": "sum({})",
        "mean": "mean({})",
        "relu": "relu({})",
        "gelu": "gelu({})",
        "maximum": "maximum({}, {})",
        "minimum": "minimum({}, {})",
        "sgn": "sign({})",
        "native_dropout": "dropout({})",
        "index": "{}[{}]",
        "nll_loss_forward": "nll_loss({}, {})",  # of one sample, whose mean is itself
    }
)
# losses of two -> the text, and which argument says how outputs become one
_DISTANCES: MappingProxyType[str, tuple[str, int]] = MappingProxyType(
    {
        "mse_loss": ("({} - {})^2", 2),
        "huber_loss": ("huber({} - {})", 2),
        "smooth_l1_loss": ("huber({} - {})", 2),
        "binary_cross_entropy": ("binary_cross_entropy({}, {})", 3),
        "binary_cross_entropy_with_logits": ("binary_cross_entropy(sigmoid({}), {})", 4),
    }
)
_REDUCED = ("{}", "mean({})", "sum({})")  # by the numbers that torch has for it
_LONGEST = 4  # operands that are written out


def expression(
    name: str, operands: Sequence[Any], options: Mapping[str, Any], shape: Sequence[int]
) -> str:
    """Returns the right side of an operation.

    Args:
      name: of the operation, such as 'mul'.
      operands: its arguments, labels where they are tensors.
      options: its arguments by name.
      shape: of the result.
    """
    texts = [_text(one) for one in operands]
    is_vector = sum(n > 1 for n in shape) < 2  # which is its own transpose
    if name in _SAME or (name in _TURNED and is_vector):
        return texts[0]
    if name in _TURNED and len(shape) == 2:
        return _turned(texts[0])
    if name in _ADDED:
        return infix("{} + {}", SUM, SUM, [_product(texts[1:3]), texts[0]])
    if name == "rsub":
        return infix(*_INFIX["sub"], [texts[1], texts[0]])
    if name in ("add", "sub") and options.get("alpha", 1) != 1:
        texts[1] = infix(*_INFIX["mul"], [_text(options["alpha"]), texts[1]])
    if name in _INFIX:
        return infix(*_INFIX[name], texts[: _INFIX[name][0].count("{}")])
    if name in _DISTANCES:
        return _distance(*_DISTANCES[name], operands)
    if name in ("hardtanh", "clamp", "clamp_min", "clamp_max"):
        return _clamped(name, texts)
    if name in _CALLS:
        return _CALLS[name].format(*texts)
    shown = [text for one, text in zip(operands, texts, strict=True) if one is not None]
    more = ["..."] if len(shown) > _LONGEST else []
    return f"{name.strip('_')}({', '.join(shown[:_LONGEST] + more)})"


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return f"{value:.6g}"
    if isinstance(value, torch.Tensor):
        return f"{value.item():.6g}" if value.ndim == 0 else f"constant{list(value.shape)}"
    if isinstance(value, tuple | list):
        inner = ", ".join(_text(one) for one in value if one is not None)
        return inner if len(inner) < 40 else inner[:30] + "..."
    return str(value)


def _product(texts: Sequence[str]) -> str:
    return infix(*_INFIX["mm"], texts)


def _turned(text: str) -> str:
    """The transpose of a matrix, whose transpose it is itself."""
    return text.removesuffix(".T") if text.endswith(".T") else infix("{}.T", ATOM, ATOM, [text])


def _distance(text: str, place: int, operands: Sequence[Any]) -> str:
    reduction = operands[place] if len(operands) > place else 1
    return _REDUCED[reduction].format(infix(text, SUM, PRODUCT, operands[:2]))


def _clamped(name: str, texts: Sequence[str]) -> str:
    text, *bounds = texts
    if name == "clamp_max":
        bounds = ["None", *bounds]
    ends = "-1", "1"  # of hardtanh, where they are not given
    lower, upper = [*bounds, *(ends if name == "hardtanh" else ("None", "None"))[len(bounds) :]]
    if lower != "None":
        text = f"max({text}, {lower})"
    return text if upper == "None" else f"min({text}, {upper})"
