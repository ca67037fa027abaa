"""What was found, as JSON and back: evidence is kept on disk and passed between processes so.

Dataclasses and named tuples become objects that name their class, from a table: nothing else is
ever made of what a file says. Finite floats are written with all their digits; others as strings.
"""

import dataclasses
import math
from types import MappingProxyType
from typing import Any

from compare.evidence.certificate.by_rule import RuleFound
from compare.evidence.certificate.proof import Certificate, Finding
from compare.evidence.differences.bounds import BoundRatio
from compare.evidence.differences.digits import Agreement
from compare.evidence.differences.entries import Entries, EntryMap, SizeBin
from compare.evidence.differences.metrics import Comparison, Worst
from compare.evidence.differences.noise import Noise
from compare.evidence.differences.pairs import Pair
from compare.evidence.differences.peers import PeerFacts
from compare.evidence.hypotheses.diagnosis import Explanation
from compare.evidence.witness import WitnessError
from compare.pipeline.collect import Found
from compare.pipeline.drift import Drifted

_CLASSES: MappingProxyType[str, type] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            *(Agreement, BoundRatio, Certificate, Comparison, Drifted, Entries, EntryMap),
            *(Explanation, Finding, Found, Noise, Pair, PeerFacts, RuleFound, SizeBin),
            *(WitnessError, Worst),
        )
    }
)


def encode(value: Any) -> Any:
    """Returns JSON's types.

    Raises:
      TypeError: for anything that is no evidence.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, dict):
        return {"dict": {name: encode(one) for name, one in value.items()}}
    if isinstance(value, list):
        return [encode(one) for one in value]
    if type(value) is tuple:
        return {"tuple": [encode(one) for one in value]}
    kind = type(value).__name__
    if _CLASSES.get(kind) is not type(value):
        raise TypeError(f"expected evidence, got {kind}")
    return {kind: {name: encode(getattr(value, name)) for name in _fields(type(value))}}


def decode(value: Any) -> Any:
    """Returns what `encode` was given.

    Raises:
      KeyError, TypeError, ValueError: for anything that it has not returned.
    """
    if isinstance(value, list):
        return [decode(one) for one in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "float":
        return float(content)
    if kind == "tuple":
        return tuple(decode(one) for one in content)
    fields = {name: decode(one) for name, one in content.items()}
    return fields if kind == "dict" else _CLASSES[kind](**fields)


def _fields(kind: Any) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(field.name for field in dataclasses.fields(kind))
    fields: tuple[str, ...] = kind._fields
    return fields
