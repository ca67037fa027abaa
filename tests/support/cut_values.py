"""What a program of JAX computes at its cuts."""

import jax

_CALLS = ("jit", "closed_call", "checkpoint", "custom_jvp_call", "custom_vjp_call")


def with_cuts(function):
    """A function that returns what the given one does, and {name: value} of its cuts."""

    def run(*args):
        closed, shape = jax.make_jaxpr(function, return_shape=True)(*args)
        found = {}
        results = _evaluate(closed.jaxpr, closed.consts, jax.tree.leaves(args), found)
        return jax.tree.unflatten(jax.tree.structure(shape), results), found

    return run


def _evaluate(jaxpr, constants, args, found):
    values = dict(zip(jaxpr.constvars, constants, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))

    def read(variable):
        return variable.val if hasattr(variable, "val") else values[variable]

    for equation in jaxpr.eqns:
        taken = [read(variable) for variable in equation.invars]
        name, parameters = equation.primitive.name, equation.params
        if name in _CALLS:
            inner = parameters.get("jaxpr") or parameters["call_jaxpr"]
            constants = getattr(inner, "consts", ())
            results = _evaluate(getattr(inner, "jaxpr", inner), constants, taken, found)
        else:
            results = equation.primitive.bind(*taken, **parameters)
            results = results if equation.primitive.multiple_results else [results]
        if name == "name":
            found[parameters["name"]] = results[0]
        values.update(zip(equation.outvars, results, strict=True))
    return [read(variable) for variable in jaxpr.outvars]
