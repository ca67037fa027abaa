"""A function of JAX with a cut at every value that it makes.

A value is named by the number of its equation, '#12', and a check sum of all equations up to there:
so two programs have a name in common only if they are the same so far. Conversions of dtypes, and
what makes no floating-point numbers, do not count, so that a program has the same names in every
dtype. What is made only to be converted is cut after its conversion, as it is used.

A value that is used several times is cut at every use besides: '#12.5e0fa1c2<1' is what equation 12
takes as its operand 1, where the cotangent is only of what comes by that way.
"""

import contextlib
import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.interpreter import needed
from compare.evidence.rounding.kinds import is_float
from compare.problem.cuts import cut
from compare.problem.function import Call

_CALLS = ("jit", "pjit", "closed_call", "core_call")
_REMAT = ("remat2", "checkpoint")


def with_cuts(
    call: Call, chosen: Collection[str] | None = None, sizes: Collection[int] | None = None
) -> Call:
    """Returns a function that computes the same, with cuts at its intermediate values.

    Cuts that are there keep their names. In the body of a scan, and in what `jax.checkpoint` wraps,
    there are cuts too; what cannot be entered, such as a function with derivatives of its own,
    `cond` or `while_loop`, is cut only at its results.

    Args:
      call: of arrays, and of what is no array, which is passed on as it is.
      chosen: the names of values to cut; None for all.
      sizes: how many entries an array may have to be cut; None for any number.
    """

    def same(*args: Any) -> Any:
        leaves, structure = jax.tree.flatten(args)
        at = [i for i, one in enumerate(leaves) if isinstance(one, jax.Array | np.ndarray)]

        def of_arrays(arrays: Sequence[Any]) -> Any:
            given = dict(zip(at, arrays, strict=True))
            filled = [given.get(i, one) for i, one in enumerate(leaves)]
            return call(*jax.tree.unflatten(structure, filled))

        arrays = [jnp.asarray(leaves[i]) for i in at]
        closed, made = jax.make_jaxpr(of_arrays, return_shape=True)(arrays)
        walk = _Walk(chosen, sizes)
        arrays = [walk.cut(one, f"#in{i}") for i, one in enumerate(arrays)]
        results = walk.through(closed, arrays, [False] * len(arrays))
        return jax.tree.unflatten(jax.tree.structure(made), results)

    return same


class _Count(NamedTuple):
    """How many equations there were, and their check sum."""

    number: int = 0
    total: int = 0

    def after(self, eqn: Any) -> "_Count":
        said = eqn.primitive.name, [one.aval.shape for one in eqn.outvars]
        return _Count(self.number + 1, zlib.crc32(repr(said).encode(), self.total))

    def __str__(self) -> str:
        return f"#{self.number}.{self.total:08x}"


class _Walk:
    """One pass through a program."""

    def __init__(self, chosen: Collection[str] | None, sizes: Collection[int] | None) -> None:
        self._chosen, self._sizes = chosen, sizes
        self._count = _Count()

    def cut(self, value: Any, name: str | None) -> Any:
        """Cuts a value, if it is one to cut."""
        if name is None or not is_float(value.dtype):
            return value
        if self._chosen is not None and name not in self._chosen:
            return value
        return (
            value if self._sizes is not None and value.size not in self._sizes else cut(value, name)
        )

    def through(self, closed: Any, args: Sequence[Any], are_shared: Sequence[bool]) -> list[Any]:
        """Evaluates a jaxpr.

        Args:
          closed: the jaxpr.
          args: of it.
          are_shared: of each, whether it is used elsewhere too.
        """
        jaxpr: Any = getattr(closed, "jaxpr", closed)
        equations = list(needed(jaxpr))
        uses = Counter(id(one) for eqn in equations for one in eqn.invars)
        uses.update(map(id, jaxpr.outvars))
        uses.update(id(var) for var, one in zip(jaxpr.invars, are_shared, strict=True) if one)
        waiting = {id(eqn.invars[0]) for eqn in equations if _is_conversion(eqn)}
        waiting = {one for one in waiting if uses[one] == 1}  # for their conversion
        names: dict[int, str] = {}  # of what waits
        values = dict(zip(map(id, jaxpr.constvars), getattr(closed, "consts", ()), strict=True))
        values.update(zip(map(id, jaxpr.invars), args, strict=True))

        def read(atom: Any) -> Any:
            return atom.val if hasattr(atom, "val") else values[id(atom)]

        for eqn in equations:
            shared = [uses[id(one)] > 1 and not hasattr(one, "val") for one in eqn.invars]
            results, made = self._applied(eqn, list(map(read, eqn.invars)), shared)
            if _is_conversion(eqn):
                made = [names.get(id(eqn.invars[0]))]
            for var, name, one in zip(eqn.outvars, made, results, strict=True):
                if id(var) in waiting and name is not None:
                    names[id(var)], name = name, None
                values[id(var)] = self.cut(one, name)
        return list(map(read, jaxpr.outvars))

    def _applied(
        self, eqn: Any, operands: Sequence[Any], are_shared: Sequence[bool]
    ) -> tuple[Sequence[Any], Sequence[str | None]]:
        """Evaluates an equation; returns its results and their names."""
        primitive, params = eqn.primitive.name, eqn.params
        unnamed = [None] * len(eqn.outvars)
        if primitive in _CALLS:
            inner = params["call_jaxpr" if "call_jaxpr" in params else "jaxpr"]
            return self.through(inner, operands, are_shared), unnamed
        if primitive in _REMAT and not params["differentiated"]:
            return self._checkpointed(params, operands, are_shared), unnamed
        is_counted = any(is_float(one.aval.dtype) for one in eqn.outvars) and not _is_conversion(
            eqn
        )
        if not is_counted or _is_cut(eqn):
            return _bound(eqn, operands), unnamed
        self._count = self._count.after(eqn)
        at = str(self._count)
        names = [f"{at}[{i}]" if i else at for i in range(len(eqn.outvars))]
        own = [
            self.cut(one, f"{at}<{i}" if shared or self._chosen is not None else None)
            for i, (one, shared) in enumerate(zip(operands, are_shared, strict=True))
        ]
        return (self._scanned(eqn, own) if primitive == "scan" else _bound(eqn, own)), names

    def _checkpointed(
        self, params: Any, operands: Sequence[Any], are_shared: Sequence[bool]
    ) -> Sequence[Any]:
        start = self._count

        def again(*args: Any) -> Sequence[Any]:
            self._count = start
            return self.through(params["jaxpr"], args, are_shared)

        options = {key: params[key] for key in ("prevent_cse", "policy")}
        return jax.checkpoint(again, **options)(*operands)

    def _scanned(self, eqn: Any, operands: Sequence[Any]) -> Sequence[Any]:
        params, start = eqn.params, self._count
        n_consts, n_carry = params["num_consts"], params["num_carry"]
        consts = operands[:n_consts]

        def step(carry: Any, entry: Any) -> tuple[Any, Any]:
            self._count = start
            args = [*consts, *carry, *entry]
            made = self.through(params["jaxpr"], args, [False] * len(args))
            return made[:n_carry], made[n_carry:]

        carry, stacked = jax.lax.scan(
            step,
            list(operands[n_consts : n_consts + n_carry]),
            list(operands[n_consts + n_carry :]),
            **{key: params[key] for key in ("length", "reverse", "unroll")},
        )
        return [*carry, *stacked]


def _bound(eqn: Any, operands: Sequence[Any]) -> Sequence[Any]:
    with getattr(eqn.ctx, "manager", contextlib.nullcontext()):
        made = eqn.primitive.bind(*operands, **eqn.primitive.get_bind_params(eqn.params))
    return made if eqn.primitive.multiple_results else [made]


def _is_conversion(eqn: Any) -> bool:
    """Whether an equation does nothing but to convert floating-point numbers."""
    if eqn.primitive.name != "convert_element_type":
        return False
    return all(is_float(one.aval.dtype) for one in (*eqn.invars, *eqn.outvars))


def _is_cut(eqn: Any) -> bool:
    """Whether an equation is a cut that is there already."""
    inner = getattr(eqn.params.get("call_jaxpr"), "eqns", ())
    return any(one.primitive.name == "name" for one in inner)
