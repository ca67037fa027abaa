"""A function of JAX with a cut at every value that it makes.

A value is named by the number of its equation, '#12', and a check sum of all equations up to there:
so two programs have a name in common only if they are the same so far. Conversions of dtypes, and
what makes no floating-point numbers, do not count, so that a program has the same names in every
dtype. What is made only to be converted is cut after its conversion, as it is used.

A value that is used several times is cut at every use besides: '#12.5e0fa1c2<1' is what equation 12
takes as its operand 1, where the cotangent is only of what comes by that way.

Names of values that do not depend on what is differentiated begin with '~': JAX computes none of
their cotangents. Of others it computes none that are 0.
"""

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
_FLAT = ("stop_gradient", "sign", "floor", "ceil", "round")  # whose derivative is 0 everywhere


def with_cuts(
    call: Call,
    chosen: Collection[str] | None = None,
    sizes: Collection[int] | None = None,
    wrt: Collection[int] | None = None,
) -> Call:
    """Returns a function that computes the same, with cuts at its intermediate values.

    Cuts that are there keep their names. In the body of a scan, and in what `jax.checkpoint` wraps,
    there are cuts too; what cannot be entered, such as a function with derivatives of its own,
    `cond` or `while_loop`, is cut only at its results.

    Args:
      call: of arrays, and of what is no array, which is passed on as it is.
      chosen: the names of values to cut; None for all.
      sizes: how many entries an array may have to be cut; None for any number.
      wrt: by which leaves of its arguments it is differentiated, by number; None for all.
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
        given = [_Value(one, wrt is None or i in wrt) for i, one in zip(at, arrays, strict=True)]
        given = [walk.cut(one, f"in{i}") for i, one in enumerate(given)]
        results = walk.through(closed, given)
        return jax.tree.unflatten(jax.tree.structure(made), [one.array for one in results])

    return same


class _Value(NamedTuple):
    """What a variable stands for.

    Attributes:
      array: of JAX.
      depends: whether it depends on what is differentiated.
      is_shared: whether it is used several times.
    """

    array: Any
    depends: bool
    is_shared: bool = False


class _Count(NamedTuple):
    """How many equations there were, and their check sum."""

    number: int = 0
    total: int = 0

    def after(self, eqn: Any) -> "_Count":
        """Counts one more."""
        said = eqn.primitive.name, [one.aval.shape for one in eqn.outvars]
        return _Count(self.number + 1, zlib.crc32(repr(said).encode(), self.total))

    def __str__(self) -> str:
        return f"{self.number}.{self.total:08x}"


class _Walk:
    """One pass through a program."""

    def __init__(self, chosen: Collection[str] | None, sizes: Collection[int] | None) -> None:
        self._chosen, self._sizes = chosen, sizes
        self._count = _Count()

    def cut(self, value: _Value, name: str | None) -> _Value:
        """Cuts a value, if it is one to cut."""
        if name is None or not is_float(value.array.dtype):
            return value
        full = f"#{name}" if value.depends else f"~{name}"
        if self._chosen is not None and full not in self._chosen:
            return value
        if self._sizes is not None and value.array.size not in self._sizes:
            return value
        return value._replace(array=cut(value.array, full))

    def through(self, closed: Any, args: Sequence[_Value]) -> list[_Value]:
        """Evaluates a jaxpr."""
        jaxpr: Any = getattr(closed, "jaxpr", closed)
        equations = list(needed(jaxpr))
        uses = Counter(id(one) for eqn in equations for one in eqn.invars)
        uses.update(map(id, jaxpr.outvars))
        uses.update(id(var) for var, one in zip(jaxpr.invars, args, strict=True) if one.is_shared)
        waiting = {id(eqn.invars[0]) for eqn in equations if _is_conversion(eqn)}
        waiting = {one for one in waiting if uses[one] == 1}  # for their conversion
        names: dict[int, str] = {}  # of what waits
        consts = [_Value(one, depends=False) for one in getattr(closed, "consts", ())]
        values = dict(zip(map(id, jaxpr.constvars), consts, strict=True))
        values.update(zip(map(id, jaxpr.invars), args, strict=True))

        def read(atom: Any) -> _Value:
            if hasattr(atom, "val"):
                return _Value(atom.val, depends=False)
            return values[id(atom)]._replace(is_shared=uses[id(atom)] > 1)

        for eqn in equations:
            results, made = self._applied(eqn, list(map(read, eqn.invars)))
            if _is_conversion(eqn):
                made = [names.get(id(eqn.invars[0]))]
            for var, name, one in zip(eqn.outvars, made, results, strict=True):
                if id(var) in waiting and name is not None:
                    names[id(var)], name = name, None
                values[id(var)] = self.cut(one, name)
        return list(map(read, jaxpr.outvars))

    def _applied(
        self, eqn: Any, operands: Sequence[_Value]
    ) -> tuple[Sequence[_Value], Sequence[str | None]]:
        """Evaluates an equation; returns its results and their names."""
        primitive, params = eqn.primitive.name, eqn.params
        unnamed = [None] * len(eqn.outvars)
        if primitive in _CALLS:
            inner = params["call_jaxpr" if "call_jaxpr" in params else "jaxpr"]
            return self.through(inner, operands), unnamed
        if primitive in _REMAT and not params["differentiated"]:
            return self._checkpointed(params, operands), unnamed
        has_floats = any(is_float(one.aval.dtype) for one in eqn.outvars)
        if not has_floats or _is_conversion(eqn) or _is_cut(eqn):
            return _bound(eqn, operands), unnamed
        self._count = self._count.after(eqn)
        at = str(self._count)
        names = [f"{at}[{i}]" if i else at for i in range(len(eqn.outvars))]
        used = [
            self.cut(one, f"{at}<{i}" if one.is_shared or self._chosen is not None else None)
            for i, one in enumerate(operands)
        ]
        return (self._scanned(eqn, used) if primitive == "scan" else _bound(eqn, used)), names

    def _checkpointed(self, params: Any, operands: Sequence[_Value]) -> Sequence[_Value]:
        start = self._count
        depend: list[bool] = []

        def again(*arrays: Any) -> Sequence[Any]:
            self._count = start
            args = [one._replace(array=a) for one, a in zip(operands, arrays, strict=True)]
            made = self.through(params["jaxpr"], args)
            depend[:] = [one.depends for one in made]
            return [one.array for one in made]

        options = {key: params[key] for key in ("prevent_cse", "policy")}
        made = jax.checkpoint(again, **options)(*(one.array for one in operands))
        return list(map(_Value, made, depend))

    def _scanned(self, eqn: Any, operands: Sequence[_Value]) -> Sequence[_Value]:
        params, start = eqn.params, self._count
        depends = any(one.depends for one in operands)
        n_consts, n_carry = params["num_consts"], params["num_carry"]
        arrays = [one.array for one in operands]
        consts, rest = arrays[:n_consts], arrays[n_consts:]

        def step(carry: Any, entry: Any) -> tuple[Any, Any]:
            self._count = start
            args = [_Value(one, depends) for one in (*consts, *carry, *entry)]
            made = [one.array for one in self.through(params["jaxpr"], args)]
            return made[:n_carry], made[n_carry:]

        options = {key: params[key] for key in ("length", "reverse", "unroll")}
        carry, stacked = jax.lax.scan(step, rest[:n_carry], rest[n_carry:], **options)
        return [_Value(one, depends) for one in (*carry, *stacked)]


def _bound(eqn: Any, operands: Sequence[_Value]) -> list[_Value]:
    arrays = [one.array for one in operands]
    with eqn.ctx.manager:
        made = eqn.primitive.bind(*arrays, **eqn.primitive.get_bind_params(eqn.params))
    results = made if eqn.primitive.multiple_results else [made]
    depends = any(one.depends for one in operands) and eqn.primitive.name not in _FLAT
    return [_Value(one, depends and is_float(one.dtype)) for one in results]


def _is_conversion(eqn: Any) -> bool:
    """Whether an equation does nothing but to convert floating-point numbers."""
    if eqn.primitive.name != "convert_element_type":
        return False
    return all(is_float(one.aval.dtype) for one in (*eqn.invars, *eqn.outvars))


def _is_cut(eqn: Any) -> bool:
    """Whether an equation is a cut that is there already."""
    inner = getattr(eqn.params.get("call_jaxpr"), "eqns", ())
    return any(one.primitive.name == "name" for one in inner)
