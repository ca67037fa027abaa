"""What `roundoff` cannot bound is refused by name, before anything is computed."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
from jax.extend.source_info_util import summarize

from compare.evidence.rounding.interpreter import CALLS, needed
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.integers import is_integral

# primitive -> what it hides, where a rule could not help
_OPAQUE = {
    "pure_callback": "Python code that JAX calls",
    "io_callback": "Python code that JAX calls",
    "ffi_call": "a compiled function",
    "pallas_call": "a kernel",
}


def refuse_unknown(closed: Any) -> None:
    """Checks that every equation that an output needs has a rule.

    Raises:
      NotImplementedError: naming all primitives without one, and where each is used first.
    """
    found: dict[str, str] = {}
    for name, place in _unknown(closed, ""):
        found.setdefault(name, place)
    if not found:
        return
    names = ", ".join(
        f"{name!r} ({_OPAQUE[name]}, at {place})" if name in _OPAQUE else f"{name!r} (at {place})"
        for name, place in found.items()
    )
    one = len(found) == 1
    raise NotImplementedError(
        f"roundoff has no rule for the primitive{'' if one else 's'} {names}. "
        f"compare.register_rule(primitive, rule) adds one: see docs/roundoff_rules.md"
    )


def _unknown(closed: Any, called_at: str) -> Iterator[tuple[str, str]]:
    """Yields the names of primitives without a rule, and their places in the source."""
    for eqn in needed(getattr(closed, "jaxpr", closed)):
        name, place = eqn.primitive.name, summarize(eqn.source_info) or called_at
        row = RULES.get(name)
        if name in CALLS:
            yield from _unknown(eqn.params[CALLS[name]], place)
        elif any(jnp.issubdtype(v.aval.dtype, jnp.complexfloating) for v in _atoms(eqn)):
            yield name if row is None else f"{name} of complex numbers", place
        elif row is None and (name in _OPAQUE or not is_integral(eqn)):
            yield name, place
        elif row is not None and row.lacks is not None and (lacking := row.lacks(eqn)):
            yield lacking, place
        elif row is not None and row.shape == "control":
            for inner in _bodies(eqn):
                yield from _unknown(inner, place)


def _atoms(eqn: Any) -> tuple[Any, ...]:
    return (*eqn.invars, *eqn.outvars)


def _bodies(eqn: Any) -> Iterator[Any]:
    """Yields the functions that a loop or a branch evaluates; of a solver the one that solves."""
    solver = getattr(eqn.params.get("jaxprs"), "solve", None)
    for value in eqn.params.values() if solver is None else [solver]:
        several = value if isinstance(value, tuple | list) else (value,)
        yield from (one for one in several if hasattr(one, "jaxpr"))
