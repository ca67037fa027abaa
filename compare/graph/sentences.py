"""What is said of every node: tables from what it does to a sentence.

In the sentences `l` is the layer, `before` and `after` are its neighbours, `h` is what the layer
reads (x or h1) and `phi` the activation, with `value` and `slope` its formulas. Some have fields of
their own: `label`, `formula` and `gradient` of the node, `does` for what a primitive does,
`parameter` for the module's name of one, and `hands` or `aside` for an end that not every layer or
framework has.
"""

import re
from types import MappingProxyType
from typing import Any

LEAVES = MappingProxyType(
    {
        "x": "x is the sample; it is not differentiated{aside}.",
        "y": "y is the label that yhat is held against; it is not differentiated{aside}.",
        "w": "w{l} holds the weights of layer {l}: row i belongs to input i, column j to unit j.",
        "b": "b{l} holds the biases of layer {l}, one a unit.",
        "weight": "{label} is the parameter {parameter} of the module: torch keeps the transpose "
        "of w{l}, one row a unit.",
        "bias": "b{l} is the parameter {parameter} of the module, one number a unit.",
    }
)

# A torch node stands for an operation of the forward; its backward takes dL/d(its result).
TORCH = MappingProxyType(
    {
        "accumulate_w": "Adds dL/dw{l}.T to {parameter}.grad: here the gradient of the weights of "
        "layer {l} ends.",
        "accumulate_b": "Adds dL/db{l}, which is delta{l} at batch size 1, to {parameter}.grad.",
        "transposed": "Forward: w{l}, the transpose of {parameter}; backward: transposes dL/dw{l} "
        "into the layout of the parameter.",
        "product": "Forward: {label}, the weighted sums of layer {l} before their bias; backward: "
        "makes dL/dw{l} = outer({h}, delta{l}){hands}.",
        "affine": "Forward: {label} = {formula}; backward: makes of delta{l} the gradients "
        "dL/db{l} = delta{l} and dL/dw{l} = outer({h}, delta{l}){hands}.",
        "biased": "Forward: adds the bias, {label} = {formula}; backward: hands delta{l} on to "
        "both, dL/db{l} = delta{l}.",
        "activation": "Forward: {label} = {phi}(z{l}) = {value}; backward: delta{l} = s{l} * "
        "{phi}'(z{l}), with {phi}'(z{l}) = {slope}.",
        "view": "Forward: {label} in another shape, the same numbers; backward: gives {gradient} "
        "the shape it had.",
        "residual": "Forward: the residual yhat - y; backward: hands delta{l} on to yhat as it is.",
        "squares": "Forward: the squared residual of each output; backward: delta{l} = "
        "2 * (yhat - y), the only place where the label enters the gradient.",
        "sum": "Forward: the loss, summed over the outputs; backward: gives dL/dloss = 1 to every "
        "output.",
        "mse": "Forward: the loss, (yhat - y)^2 summed over the outputs; backward: delta{l} = "
        "2 * (yhat - y).",
    }
)

JAX = MappingProxyType(
    {
        "transposed": "The transpose of w{l}, so that it can be multiplied by {h} from the left.",
        "product": "The weighted sums {formula} of layer {l}, one a unit, before the bias.",
        "z": "z{l} goes into the activation of layer {l}: the weighted sums of {h} and the bias.",
        "z_is_h": "z{l} is the weighted sums of {h} and the bias, and h{l} too, because the "
        "activation is the identity.",
        "yhat": "yhat is the prediction: the output layer is linear, so it is z{l} itself.",
        "phi_part": "{does}, {formula}: part of {phi}(z{l}) = {value}.",
        "h": "h{l} = {phi}(z{l}) = {value}: what the units of layer {l} put out.",
        "residual": "The residual says how far the prediction is off, for each output.",
        "squares": "The squared residual of each output.",
        "loss": "The loss is the squared residuals summed over the outputs.",
        "loss_part": "{does}, {formula}: half precision is summed in float32.",
        "seed": "dL/d(yhat - y)^2: every output counts once in the loss, so it is 1 for each.",
        "loss_slope": "{does}, {formula}: d(yhat - y)^2/dyhat, the slope of the square.",
        "delta_out": "delta{l} = dL/dyhat = 2 * (yhat - y), where the backward pass begins.",
        "s": "s{l} = w{after} @ delta{after} = dL/dh{l}: the error of layer {after} carried back "
        "through its weights.",
        "slope_part": "{does}, {formula}: part of {phi}'(z{l}) = {slope}.",
        "delta_part": "{does}, {formula}: carries s{l} through {phi}'(z{l}) = {slope}.",
        "delta": "delta{l} = dL/dz{l} = s{l} * {phi}'(z{l}), with {phi}'(z{l}) = {slope}.",
        "delta_is_s": "delta{l} = s{l} = w{after} @ delta{after}: the activation is the identity, "
        "whose slope is 1.",
        "outer": "The products of every error of layer {l} with every one of its inputs: dL/dw{l} "
        "before it is transposed.",
        "dw": "dL/dw{l} = outer({h}, delta{l}), the gradient of the weights of layer {l}.",
        "db": "dL/db{l} = delta{l}: at batch size 1 the gradient of the bias is delta itself.",
    }
)

# step -> what both frameworks do there
MATCHES = MappingProxyType(
    {
        "input": "The sample and its label go in; no gradient comes back.",
        "weight": "Both transpose w{l} on the way in and its gradient on the way back: torch keeps "
        "[n_out, n_in] and multiplies by [n_in, n_out], and here it is the other way round.",
        "bias": "The gradient of b{l} is delta{l}: torch adds it to .grad, JAX returns it.",
        "affine": "One node of torch is two equations forward, the product and the sum with the "
        "bias; its backward is one product for dL/dw{l}{hands}.",
        "activation": "The backward of torch's node is one formula, s{l} * {phi}'(z{l}), with "
        "{phi}'(z{l}) = {slope}; JAX makes it from the rules of each primitive.",
        "residual": "A difference; its gradient passes unchanged, so JAX has no equation for it.",
        "square": "Here delta{l} = 2 * (yhat - y) comes from, times the 1 that comes back from the "
        "sum.",
        "sum": "A sum; backward starts with dL/dloss = 1, once for every output.",
    }
)

# primitive -> what it does, for the pieces of activations that have no name of their own
OPERATIONS = MappingProxyType(
    {
        "abs": "The magnitude",
        "add": "A sum",
        "add_any": "A sum of two contributions to one gradient",
        "broadcast_in_dim": "One number repeated for every unit",
        "convert_element_type": "A change of dtype",
        "div": "A quotient",
        "eq": "A comparison, true where both are equal",
        "exp": "The exponential",
        "ge": "A comparison, true where the first is not smaller",
        "gt": "A comparison, true where the first is larger",
        "integer_pow": "A whole power",
        "log1p": "The logarithm of 1 plus its argument",
        "logistic": "The logistic function",
        "max": "The larger of two",
        "mul": "A product",
        "ne": "A comparison, true where both differ; a number differs from itself if it is NaN",
        "neg": "The opposite sign",
        "reduce_sum": "A sum over the outputs",
        "select_n": "A choice between two, unit by unit",
        "square": "A square",
        "sub": "A difference",
        "tanh": "The hyperbolic tangent",
    }
)

# activation -> its formula of z, its slope by h or z
ACTIVATIONS = MappingProxyType(
    {
        "sigmoid": ("1 / (1 + exp(-z))", "h * (1 - h)"),
        "tanh": ("tanh(z)", "1 - h^2"),
        "relu": ("max(z, 0)", "1 where z > 0, else 0"),
        "softplus": ("log(1 + exp(z))", "sigmoid(z)"),
        "silu": ("z * sigmoid(z)", "sigmoid(z) + h * (1 - sigmoid(z))"),
        "gelu": (
            "0.5 * z * (1 + t) with t = tanh(0.797885 * (z + 0.044715 * z^3))",
            "0.5 * (1 + t) + 0.5 * z * (1 - t^2) * 0.797885 * (1 + 0.134145 * z^2)",
        ),
        "identity": ("z", "1"),
    }
)


def explain(sentence: str, *, layer: int, activation: str, **fields: Any) -> str:
    """Fills in a sentence of the tables above, for one layer of a network."""
    value, slope = (
        re.sub(r"\b([zh])\b", rf"\g<1>{layer}", text) for text in ACTIVATIONS[activation]
    )
    return sentence.format(
        l=layer,
        before=layer - 1,
        after=layer + 1,
        h=f"h{layer - 1}" if layer > 1 else "x",
        phi=activation,
        value=value,
        slope=slope,
        **fields,
    )


def operation(primitive: str) -> str:
    """Says what a primitive does; one that is in no table is named."""
    return OPERATIONS.get(primitive, f"The primitive {primitive}")
