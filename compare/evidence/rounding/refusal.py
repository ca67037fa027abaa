"""What `roundoff` cannot bound is refused by name, before anything is computed."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp

from compare.evidence.rounding.interpreter import CALLS, needed
from compare.evidence.rounding.primitives import RULES
from compare.evidence.rounding.primitives.integers import is_integral
from compare.evidence.rounding.source_lines import line_of

# primitive -> what it hides, where a rule could not help
_OPAQUE = {
    "pure_callback": "Python code that JAX calls",
    "io_callback": "Python code that JAX calls",
    "ffi_call": "a compiled function",
    "pallas_call": "a kernel",
}
_COMPLEX = "complex numbers"


def refuse_unknown(closed: Any) -> None:
    """Checks that every equation that an output needs has a rule.

    Raises:
      NotImplementedError: naming all primitives without one, and where each is used first.
    """
    found: dict[str, str] = {}
    for name, eqns in _unknown(closed, ()):
        if name not in found:
            known = filter(None, map(line_of, eqns))
            found[name] = next(known, "a place that JAX does not know")
    if not found:
        return
    of_complex = found.pop(_COMPLEX, None)
    names = ", ".join(
        f"{name!r} ({_OPAQUE[name]}, at {place})" if name in _OPAQUE else f"{name!r} (at {place})"
        for name, place in found.items()
    )
    unknown = f"the primitive{'' if len(found) == 1 else 's'} {names}" if names else ""
    also = f"{_COMPLEX} (at {of_complex})" if of_complex else ""
    raise NotImplementedError(
        f"roundoff has no rule for {' and '.join(filter(None, (unknown, also)))}. "
        f"compare.register_rule(primitive, rule) adds one: see docs/roundoff_rules.md"
    )


def _unknown(closed: Any, callers: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yields the names of what has no rule, primitives mostly, and the equation and its callers."""
    for eqn in needed(getattr(closed, "jaxpr", closed)):
        name, found = eqn.primitive.name, (eqn, *callers)
        row = RULES.get(name)
        if name in CALLS:
            yield from _unknown(eqn.params[CALLS[name]], found)
        elif any(jnp.issubdtype(v.aval.dtype, jnp.complexfloating) for v in _atoms(eqn)):
            yield name if row is None else _COMPLEX, found
        elif row is None and (name in _OPAQUE or not is_integral(eqn)):
            yield name, found
        elif row is not None and row.lacks is not None and (lacking := row.lacks(eqn)):
            yield lacking, found
        elif row is not None and row.shape == "control":
            for inner in _bodies(eqn):
                yield from _unknown(inner, found)


def _atoms(eqn: Any) -> tuple[Any, ...]:
    return (*eqn.invars, *eqn.outvars)


def _bodies(eqn: Any) -> Iterator[Any]:
    """Yields the functions that a loop or a branch evaluates; of a solver the one that solves."""
    solver = getattr(eqn.params.get("jaxprs"), "solve", None)
    for value in eqn.params.values() if solver is None else [solver]:
        several = value if isinstance(value, tuple | list) else (value,)
        yield from (one for one in several if hasattr(one, "jaxpr"))
