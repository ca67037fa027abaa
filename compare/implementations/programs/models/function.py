"""Temporary."""
import jax, numpy as np
from compare.implementations.programs.model import JaxModel
def function_model(f, weights):
    leaves, tree = jax.tree_util.tree_flatten_with_path(weights)
    names = [".".join(str(getattr(k,'key',getattr(k,'idx',k))) for k in p) for p,_ in leaves]
    def call(state, *inputs):
        return f(jax.tree.unflatten(tree, [state[n] for n in names]), *inputs), {}
    return JaxModel("a function", {n: np.asarray(l) for n,(p,l) in zip(names,leaves)}, {}, call)
