"""Loops and branches: their bodies are evaluated like any other equation.

Under a trace, what passes from step to step is a value and its error alone.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure, is_key
from compare.evidence.rounding.primitives.row import rows
from compare.evidence.rounding.primitives.selection import select_n

_STEPS = 1_000_000  # of a loop whose end is not known beforehand
Pair = tuple[Array, Array]


def scan(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Evaluates the body for every entry, and carries bounds along."""
    params = eqn.params
    n_consts, n_carry = params["num_consts"], params["num_carry"]
    consts, carry = args[:n_consts], list(args[n_consts : n_consts + n_carry])
    entries, body = args[n_consts + n_carry :], params["jaxpr"]
    if analysis.xp is not np:
        return _traced_scan(analysis, eqn, consts, carry, entries)
    dtypes = [atom.aval.dtype for atom in eqn.invars]
    known = [_looked_at(analysis, *pair) for pair in zip(consts, dtypes, strict=False)]
    step, outs = analysis.function(body), list[list[Enclosure]]()
    steps = range(params["length"])
    for number in reversed(steps) if params["reverse"] else steps:
        now = [Enclosure(one.value[number], one.error[:, number]) for one in entries]
        made = step([*known, *carry, *now])
        carry = made[:n_carry]
        outs.append(made[n_carry:])
    if params["reverse"]:
        outs.reverse()
    stacked = [
        _stacked(analysis, [out[k] for out in outs], var.aval)
        for k, var in enumerate(eqn.outvars[n_carry:])
    ]
    return [*carry, *stacked]


def _looked_at(analysis: Analysis, one: Enclosure, dtype: Any) -> Enclosure:
    """Notes of numbers that none of them may be subnormal, so that no step has to look again."""
    read = analysis.as_read(one, dtype)
    return read if read.error is one.error else one


def _stacked(analysis: Analysis, outs: Sequence[Enclosure], aval: Any) -> Enclosure:
    if not outs:
        return analysis.exact(np.zeros(aval.shape, aval.dtype))
    values, stack = [out.value for out in outs], analysis.xp.stack
    of_values = jnp.stack if is_key(aval.dtype) else stack
    return Enclosure(of_values(values), stack([out.error for out in outs], axis=1))


def _traced_scan(
    analysis: Analysis,
    eqn: Any,
    consts: Sequence[Enclosure],
    carry: Sequence[Enclosure],
    entries: Sequence[Enclosure],
) -> list[Enclosure]:
    params, n_carry = eqn.params, len(carry)

    def step(state: list[Pair], now: list[Pair]) -> tuple[list[Pair], list[Pair]]:
        inside = [Enclosure(value, error) for value, error in (*state, *now)]
        made = _pairs(analysis.evaluate(params["jaxpr"], [*consts, *inside]))
        return made[:n_carry], [(value, jnp.asarray(error)) for value, error in made[n_carry:]]

    # the axis of steps comes first
    slices = [(value, jnp.moveaxis(error, 1, 0)) for value, error in _pairs(entries)]
    last, outs = lax.scan(
        step, _pairs(carry), slices, length=params["length"], reverse=params["reverse"]
    )
    stacked = [(value, jnp.moveaxis(error, 0, 1)) for value, error in outs]
    return [Enclosure(value, error) for value, error in (*last, *stacked)]


def _pairs(enclosures: Sequence[Enclosure]) -> list[Pair]:
    return [(jnp.asarray(one.value), jnp.asarray(one.error)) for one in enclosures]


def while_(analysis: Analysis, eqn: Any, *args: Enclosure) -> list[Enclosure]:
    """Repeats the body; nothing is known of the result if rounding may end the loop elsewhere."""
    params = eqn.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body = args[:n_cond], args[n_cond : n_cond + n_body]

    def asked(carry: Sequence[Enclosure]) -> Enclosure:
        (go,) = analysis.evaluate(params["cond_jaxpr"], [*of_cond, *carry])
        return go

    def again(carry: Sequence[Enclosure]) -> list[Enclosure]:
        return analysis.evaluate(params["body_jaxpr"], [*of_body, *carry])

    carry, open_ = list(args[n_cond + n_body :]), analysis.no_error((), bool)
    if analysis.xp is np:
        for _ in range(_STEPS):
            go = asked(carry)
            open_ = open_ | go.error
            if not go.value:
                break
            carry = again(carry)
        else:
            open_ = ~analysis.no_error((), bool)
    else:
        carry, open_ = _traced_while(carry, open_, asked, again)
    return [_unknown_where(analysis, one, open_) for one in carry]


def _traced_while(
    carry: Any, open_: Array, asked: Any, again: Any
) -> tuple[list[Enclosure], Array]:
    def wrapped(state: Any) -> list[Enclosure]:
        return [Enclosure(value, error) for value, error in state[0]]

    def body(state: Any) -> Any:
        made = wrapped(state)
        return _pairs(again(made)), state[1] | asked(made).error

    state = lax.while_loop(lambda s: asked(wrapped(s)).value, body, (_pairs(carry), open_ | False))
    last = wrapped(state)
    return last, state[1] | asked(last).error


def _unknown_where(analysis: Analysis, one: Enclosure, open_: Array) -> Enclosure:
    where = open_.reshape((-1, *(1,) * (one.error.ndim - 1)))
    if one.error.dtype == bool:
        return Enclosure(one.value, one.error | where)
    return Enclosure(one.value, analysis.xp.where(where, np.inf, one.error))


def cond(analysis: Analysis, eqn: Any, which: Enclosure, *args: Enclosure) -> list[Enclosure]:
    """Evaluates the branch that is taken; every one of them where rounding may take another."""
    branches, xp = eqn.params["branches"], analysis.xp
    index = xp.clip(xp.asarray(which.value).astype(np.int32), 0, len(branches) - 1)
    is_open = which.error != 0
    if xp is np and not is_open.any():
        return analysis.evaluate(branches[int(index)], args)
    made = [analysis.evaluate(branch, args) for branch in branches]
    chosen = Enclosure(index, which.error)
    return [_chosen(analysis, eqn, chosen, cases) for cases in zip(*made, strict=True)]


def _chosen(
    analysis: Analysis, eqn: Any, which: Enclosure, cases: Sequence[Enclosure]
) -> Enclosure:
    if len(cases) == 1:
        return cases[0]
    if not is_key(cases[0].value.dtype):
        return select_n(analysis, eqn, which, *cases)
    value = lax.select_n(jnp.asarray(which.value), *(case.value for case in cases))
    return _unknown_where(analysis, Enclosure(value, sum(c.error for c in cases)), which.error != 0)


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
