"""Calls models of the frameworks of JAX, each as its users do."""

from compare.implementations.programs.model import Model


def outputs_of(model, *inputs):
    """Returns the outputs alone."""
    if not isinstance(model, Model):
        return model(*inputs)
    if hasattr(model.function, "init"):
        if isinstance(model.weights, dict):  # of linen
            return model.function.apply(model.weights, *inputs, mutable=["batch_stats"])[0]
        return model.function.apply(*model.weights, None, *inputs)[0]
    return model.function(model.weights, *inputs)
