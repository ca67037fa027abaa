"""What the graphs say of each activation."""

import re
from types import MappingProxyType

# activation -> its formula of z, its slope by h or z
ACTIVATIONS = MappingProxyType(
    {
        "sigmoid": ("1 / (1 + exp(-z))", "h * (1 - h)"),
        "tanh": ("tanh(z)", "1 - h^2"),
        "relu": ("max(z, 0)", "1 where z > 0, else 0"),
        "softplus": ("log(1 + exp(z))", "sigmoid(z)"),
        "silu": ("z * sigmoid(z)", "sigmoid(z) + h * (1 - sigmoid(z))"),
        "gelu": (
            "0.5 * z * (1 + t) with t = tanh(0.797885 * (z + 0.044715 * z^3))",
            "0.5 * (1 + t) + 0.5 * z * (1 - t^2) * 0.797885 * (1 + 0.134145 * z^2)",
        ),
        "identity": ("z", "1"),
    }
)


def formulas(activation: str, layer: int) -> tuple[str, str]:
    """Returns the value and the slope in a layer, with z1 and h1 for z and h."""
    value, slope = (
        re.sub(r"\b([zh])\b", rf"\g<1>{layer}", text) for text in ACTIVATIONS[activation]
    )
    return value, slope
