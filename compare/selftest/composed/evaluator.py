"""Evaluates a jaxpr in long doubles, and rounds each result at random as a library may."""

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from compare.selftest.composed.arithmetic import ARITHMETIC
from compare.selftest.composed.functions import FUNCTIONS, evaluated
from compare.selftest.composed.moves import moved
from compare.selftest.composed.ordering import ORDERING
from compare.selftest.composed.roundings import Array, Roundings, is_float
from compare.selftest.composed.sums import SUMS

_CALLS = ("jit", "pjit", "closed_call", "checkpoint", "remat2", "custom_jvp_call")


def evaluate(closed: Any, roundings: Roundings, args: Sequence[Array]) -> list[Array]:
    """Evaluates a closed jaxpr.

    Args:
      closed: the jaxpr.
      roundings: how it rounds.
      args: arrays: long doubles for floating-point numbers.

    Raises:
      NotImplementedError: for a primitive that is not known here.
    """
    jaxpr = closed.jaxpr
    known: dict[Any, Array] = {}

    def read(atom: Any) -> Array:
        if not hasattr(atom, "val"):
            return known[atom]
        return roundings.constant(_wide(atom.val, atom.aval.dtype), atom.aval.dtype)

    held = [
        _wide(one, var.aval.dtype) for var, one in zip(jaxpr.constvars, closed.consts, strict=True)
    ]
    known.update(zip([*jaxpr.constvars, *jaxpr.invars], [*held, *args], strict=True))
    for eqn in jaxpr.eqns:
        made = _applied(roundings, eqn, list(map(read, eqn.invars)))
        for var, one in zip(eqn.outvars, made, strict=True):
            assert np.shape(one) == var.aval.shape, (eqn.primitive.name, np.shape(one))
            known[var] = np.asarray(one)
    return list(map(read, jaxpr.outvars))


def _wide(value: Any, dtype: Any) -> Array:
    array = np.asarray(value, dtype)
    return array.astype(np.float64).astype(np.longdouble) if is_float(dtype) else array


def _applied(roundings: Roundings, eqn: Any, operands: list[Array]) -> list[Array]:
    name, dtypes = eqn.primitive.name, [atom.aval.dtype for atom in eqn.invars]
    if name in _CALLS:
        inner = eqn.params.get("call_jaxpr") or eqn.params["jaxpr"]
        if not hasattr(inner, "consts"):
            inner = ClosedJaxpr(inner, ())
        return evaluate(inner, roundings, operands)
    if name in ("empty", "empty2"):
        aval = eqn.outvars[0].aval
        return [_wide(np.zeros(aval.shape), aval.dtype)]
    if name == "custom_vjp_call":
        return evaluate(eqn.params["call_jaxpr"], roundings, operands)
    if name in _CONTROL:
        return _CONTROL[name](roundings, eqn, operands)
    floats = any(map(is_float, dtypes)) or any(is_float(v.aval.dtype) for v in eqn.outvars)
    if not floats:
        return _by_jax(eqn, operands)
    after = eqn.outvars[0].aval.dtype
    if name in ARITHMETIC or name in FUNCTIONS or name in SUMS or name in ORDERING:
        once = dict(zip(map(id, eqn.invars), zip(operands, dtypes, strict=True), strict=False))
        taken = {key: roundings.read(*pair) for key, pair in once.items()}
        operands = [taken[id(atom)] for atom in eqn.invars]  # x != x asks the same x
    if name in FUNCTIONS:
        return [evaluated(name, roundings, after, *operands)]
    if name in SUMS:
        return [SUMS[name](roundings, eqn, *operands)]
    if name in ORDERING:
        return ORDERING[name](eqn, *operands)
    if name in ARITHMETIC:
        return [ARITHMETIC[name](roundings, eqn, *operands)]
    return moved(eqn, operands)


def _by_jax(eqn: Any, operands: Sequence[Array]) -> list[Array]:
    with jax.enable_x64(True):
        found = eqn.primitive.bind(*map(jnp.asarray, operands), **eqn.params)
    return list(map(np.asarray, found if eqn.primitive.multiple_results else [found]))


def _scan(roundings: Roundings, eqn: Any, operands: list[Array]) -> list[Array]:
    params = eqn.params
    n_consts, n_carry = params["num_consts"], params["num_carry"]
    consts, carry = operands[:n_consts], operands[n_consts : n_consts + n_carry]
    entries, outs = operands[n_consts + n_carry :], []
    steps = range(params["length"])
    for step in reversed(steps) if params["reverse"] else steps:
        now = [one[step] for one in entries]
        made = evaluate(params["jaxpr"], roundings, [*consts, *carry, *now])
        carry = made[:n_carry]
        outs.append(made[n_carry:])
    if params["reverse"]:
        outs.reverse()
    return [*carry, *(np.stack(column) for column in zip(*outs, strict=True))]


def _while(roundings: Roundings, eqn: Any, operands: list[Array]) -> list[Array]:
    params = eqn.params
    n_cond, n_body = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body = operands[:n_cond], operands[n_cond : n_cond + n_body]
    carry = operands[n_cond + n_body :]
    while evaluate(params["cond_jaxpr"], roundings, [*of_cond, *carry])[0]:
        carry = evaluate(params["body_jaxpr"], roundings, [*of_body, *carry])
    return carry


def _cond(roundings: Roundings, eqn: Any, operands: list[Array]) -> list[Array]:
    which, *args = operands
    branches = eqn.params["branches"]
    return evaluate(branches[int(np.clip(which, 0, len(branches) - 1))], roundings, args)


_CONTROL: MappingProxyType[str, Callable[..., list[Array]]] = MappingProxyType(
    {"scan": _scan, "while": _while, "cond": _cond}
)
