"""Loops and branches: their bodies are evaluated like any other equation.

From one step to the next pass values, errors, and of how many terms a dot product was. In NumPy
exponents pass too; under a trace, what XLA makes of exponentials in two steps that `unroll` joins
is not allowed for.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_key
from compare.evidence.rounding.primitives.integers import unknown_where
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.selection import select_n
from compare.evidence.rounding.source_lines import line_of

_STEPS = 100_000  # of a loop whose end is not known beforehand
Pair = tuple[Array, Array]
Function = Callable[[Sequence[Enclosure]], list[Enclosure]]


def scan(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Evaluates the body for every entry, and carries bounds along."""
    params, dtypes = eqn.params, [atom.aval.dtype for atom in eqn.invars]
    n_consts, n_carry = params["num_consts"], params["num_carry"]
    known = [_looked_at(analysis, *pair) for pair in zip(args, dtypes, strict=True)]
    consts, entries = known[:n_consts], known[n_consts + n_carry :]
    carry, body = list(args[n_consts : n_consts + n_carry]), analysis.function(params["jaxpr"])
    if analysis.xp is not np:
        return _traced_scan(params, lambda inside: body([*consts, *inside]), carry, entries)
    outs: list[list[Enclosure]] = []
    steps = range(params["length"])
    for step in reversed(steps) if params["reverse"] else steps:
        made = body([*consts, *carry, *(_entry(one, step) for one in entries)])
        carry = list(map(_carried, made[:n_carry]))
        outs.append(made[n_carry:])
    if params["reverse"]:
        outs.reverse()
    variables = eqn.outvars[n_carry:]
    stacked = [
        _stacked(analysis, [out[k] for out in outs], v.aval) for k, v in enumerate(variables)
    ]
    return [*carry, *stacked]


def _looked_at(analysis: Analysis, one: Enclosure, dtype: Any) -> Enclosure:
    """Notes of numbers that none of them may be subnormal, so that no step has to look again."""
    read = analysis.as_read(one, dtype)
    return read if read.error is one.error else one


def _entry(one: Enclosure, step: int) -> Enclosure:
    return Enclosure(one.value[step], one.error[:, step], one.terms, one.flushed)


def _carried(one: Enclosure) -> Enclosure:
    """Keeps what the next step may need, and not what that was made of."""
    exponent = one.exponent and Enclosure(one.exponent.value, one.exponent.error)
    return Enclosure(one.value, one.error, one.terms, one.flushed, exponent=exponent)


def _stacked(analysis: Analysis, outs: Sequence[Enclosure], aval: Any) -> Enclosure:
    if not outs:
        made = jnp.empty if is_key(aval.dtype) else np.zeros
        return analysis.exact(made(aval.shape, aval.dtype))
    values, errors = [out.value for out in outs], [out.error for out in outs]
    value = (jnp if is_key(aval.dtype) else np).stack(values)
    flushed = all(out.flushed for out in outs)
    return Enclosure(value, np.stack(errors, axis=1), max(out.terms for out in outs), flushed)


def _traced_scan(
    params: Any, body: Function, carry: Sequence[Enclosure], entries: Sequence[Enclosure]
) -> list[Enclosure]:
    n_carry, of_entries = len(carry), [one.terms for one in entries]
    slices = [(value, jnp.moveaxis(error, 1, 0)) for value, error in _pairs(entries)]
    made: list[int] = []

    def run(terms: list[int]) -> tuple[list[Enclosure], list[int]]:
        def step(state: list[Pair], now: list[Pair]) -> tuple[list[Pair], list[Pair]]:
            found = body(_enclosures([*state, *now], [*terms, *of_entries]))
            made[:] = [one.terms for one in found]
            pairs = _pairs(found)
            return pairs[:n_carry], pairs[n_carry:]

        last, outs = lax.scan(
            step, _pairs(carry), slices, length=params["length"], reverse=params["reverse"]
        )
        stacked = [(value, jnp.moveaxis(error, 0, 1)) for value, error in outs]
        return _enclosures([*last, *stacked], made), made[:n_carry]

    return _settled(run, carry)


def _settled(
    run: Callable[[list[int]], tuple[list[Enclosure], list[int]]], carry: Sequence[Enclosure]
) -> list[Enclosure]:
    """Runs a loop, under a trace, for terms of what it carries that no step adds to."""
    terms = [one.terms for one in carry]
    while True:
        results, made = run(terms)
        more = list(map(max, terms, made))
        if more == terms:
            return results
        terms = more


def _pairs(enclosures: Sequence[Enclosure]) -> list[Pair]:
    return [(jnp.asarray(one.value), jnp.asarray(one.error)) for one in enclosures]


def _enclosures(pairs: Sequence[Pair], terms: Sequence[int]) -> list[Enclosure]:
    return [Enclosure(*pair, one) for pair, one in zip(pairs, terms, strict=True)]


def while_(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Repeats the body; nothing is known of the result if rounding may end the loop elsewhere.

    Raises:
      RuntimeError: if the loop does not end.
    """
    params = eqn.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body = args[:n_cond], args[n_cond : n_cond + n_body]
    condition = analysis.function(params["cond_jaxpr"])
    body = analysis.function(params["body_jaxpr"])

    def asked(carry: Sequence[Enclosure]) -> Enclosure:
        return condition([*of_cond, *carry])[0]

    def again(carry: Sequence[Enclosure]) -> list[Enclosure]:
        return body([*of_body, *carry])

    carry, is_open = list(args[n_cond + n_body :]), analysis.no_error((), bool)
    if analysis.xp is not np:
        return _traced_while(analysis, carry, asked, again)
    for _ in range(_STEPS):
        go = asked(carry)
        is_open = is_open | go.error
        if not go.value:
            return [unknown_where(analysis, one, is_open) for one in carry]
        carry = list(map(_carried, again(carry)))
    if is_open.all():
        return [unknown_where(analysis, one, is_open) for one in carry]
    raise RuntimeError(
        f"roundoff: the loop at {line_of(eqn)} has not ended after {_STEPS:,} steps. "
        "It is evaluated in float64, where a loop until nothing changes may never end: "
        "give it a limit of steps"
    )


def _traced_while(
    analysis: Analysis,
    carry: Sequence[Enclosure],
    asked: Callable[[Sequence[Enclosure]], Enclosure],
    again: Function,
) -> list[Enclosure]:
    """The same under a trace, where nothing is known of the results of a loop that does not end."""

    def run(terms: list[int]) -> tuple[list[Enclosure], list[int]]:
        made = list(terms)

        def goes_on(state: tuple[list[Pair], Array, Array]) -> Array:
            pairs, _, steps = state
            return asked(_enclosures(pairs, terms)).value & (steps < _STEPS)

        def body(state: tuple[list[Pair], Array, Array]) -> tuple[list[Pair], Array, Array]:
            pairs, is_open, steps = state
            before = _enclosures(pairs, terms)
            found = again(before)
            made[:] = [one.terms for one in found]
            return _pairs(found), is_open | asked(before).error, steps + 1

        start = _pairs(carry), jnp.asarray(analysis.no_error((), bool)), jnp.asarray(0)
        pairs, is_open, _ = lax.while_loop(goes_on, body, start)
        last = _enclosures(pairs, made)
        end = asked(last)
        is_open = is_open | end.error | end.value
        return [unknown_where(analysis, one, is_open) for one in last], made

    return _settled(run, carry)


def cond(analysis: Analysis, eqn: Any, which: Enclosure, *args: Enclosure) -> list[Enclosure]:
    """Evaluates the branch that is taken; every one of them where rounding may take another."""
    branches, xp = eqn.params["branches"], analysis.xp
    index = xp.clip(xp.asarray(which.value).astype(np.int32), 0, len(branches) - 1)
    if xp is np and not which.error.any():
        return analysis.evaluate(branches[int(index)], args)
    made = [analysis.evaluate(branch, args) for branch in branches]
    chosen = Enclosure(index, which.error)
    return [select_n(analysis, eqn, chosen, *cases) for cases in zip(*made, strict=True)]


def platform_index(analysis: Analysis, eqn: Any) -> Enclosure:
    """Takes the branch for CPUs."""
    for number, names in enumerate(eqn.params["platforms"]):
        if names is None or "cpu" in names:
            return analysis.exact(np.int32(number))
    raise NotImplementedError("roundoff: no branch of platform_dependent is for CPUs")


ROWS = rows(
    "control",
    {"scan": scan, "while": while_, "cond": cond, "platform_index": platform_index},
)
