"""The state of optimizers by names that torch and optax have in common.

A state is a dict: slot -> name of the weights -> array.
"""

from collections.abc import Mapping
from types import MappingProxyType

# slot -> as sentences say it
SLOTS: Mapping[str, str] = MappingProxyType(
    {
        "momentum": "the momentum",
        "first_moment": "the first moment (average of gradients)",
        "second_moment": "the second moment (average of squared gradients)",
        "max_second_moment": "the largest second moment",
        "accumulated": "the accumulated gradient",
        "count": "the count of steps",
    }
)
