"""What is said of every equation of JAX; the fields are those of `compare.graph.sentences`."""

from types import MappingProxyType

# role -> sentence
SENTENCES = MappingProxyType(
    {
        "x": "x is the sample; it is not differentiated.",
        "y": "y is the label of the sample; it is not differentiated.",
        "w": "w{l} holds the weights of layer {l}: row i belongs to input i, column j to unit j.",
        "b": "b{l} holds the biases of layer {l}, one a unit.",
        "transposed": "The transpose of w{l}, so that it can be multiplied by {h} from the left.",
        "product": "The weighted sums {formula} of layer {l}, one a unit, before the bias.",
        "z": "z{l} goes into the activation of layer {l}: the weighted sums of {h}{bias}.",
        "z_is_h": "z{l} is the weighted sums of {h}{bias}, and h{l} too, because the "
        "activation is the identity.",
        "z_out": "z{l} is what the last layer makes of {h}: the weighted sums{bias}.",
        "yhat_linear": "yhat is the prediction: the output layer is linear, so it is z{l} itself.",
        "output_part": "{does}, {formula}: part of yhat = {yhat}.",
        "yhat": "yhat = {yhat} is the prediction.",
        "loss_part": "{does}, {formula}: part of L = {loss}.",
        "loss": "The loss of the sample, L = {loss}.",
        "penalty": "{does}, {formula}: part of the L2 term{penalty}, which has no bias in it.",
        "seed": "{does}, {formula}: backward begins with dL/dloss = 1, once for each output, and "
        "with constants of the loss.",
        "loss_slope": "{does}, {formula}: part of {slope_of} = {dloss}.",
        "slope": "dL/dyhat = {dloss}: the slope of the loss.",
        "output_slope": "{does}, {formula}: part of delta{l} = dL/dz{l} = {delta}.",
        "delta_out": "delta{l} = dL/dz{l} = {delta}{with_slope}: what comes back to the last "
        "layer.",
        "penalty_slope": "{does}, {formula}: part of {l2} * w, the slope of the L2 term by the "
        "weights.",
        "phi_part": "{does}, {formula}: part of {phi_value}.",
        "h": "h{l} = {phi_value}: what the units of layer {l} put out.",
        "s": "s{l} = w{after} @ delta{after} = dL/dh{l}: the error of layer {after} carried back "
        "through its weights.",
        "slope_part": "{does}, {formula}: part of {phi}'(z{l}) = {slope}.",
        "delta_part": "{does}, {formula}: carries s{l} through {phi}'(z{l}) = {slope}.",
        "delta": "delta{l} = dL/dz{l} = s{l} * {phi}'(z{l}), with {phi}'(z{l}) = {slope}.",
        "delta_is_s": "delta{l} = s{l} = w{after} @ delta{after}: the activation is the identity, "
        "whose slope is 1.",
        "outer": "The products of every error of layer {l} with every one of its inputs, of which "
        "dL/dw{l} is made.",
        "dw": "dL/dw{l} = outer({h}, delta{l}){decay}, the gradient of the weights of layer {l}.",
        "db": "dL/db{l} = delta{l}: at batch size 1 the gradient of the bias is delta itself.",
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
        "copy": "The same numbers",
        "erf": "The error function",
        "erfc": "One minus the error function",
        "exp": "The exponential",
        "expm1": "The exponential minus 1",
        "ge": "A comparison, true where the first is not smaller",
        "gt": "A comparison, true where the first is larger",
        "integer_pow": "A whole power",
        "log": "The logarithm",
        "le": "A comparison, true where the first is not larger",
        "log1p": "The logarithm of 1 plus its argument",
        "logistic": "The logistic function",
        "lt": "A comparison, true where the first is smaller",
        "max": "The larger of two",
        "mul": "A product",
        "ne": "A comparison, true where both differ; a number differs from itself if it is NaN",
        "neg": "The opposite sign",
        "one_minus_square": "One minus a square",
        "reduce_max": "The largest of all",
        "reduce_sum": "A sum of all",
        "sign": "The sign",
        "select_n": "A choice between two, unit by unit",
        "square": "A square",
        "stop_gradient": "The same number, which no gradient passes",
        "sub": "A difference",
        "tanh": "The hyperbolic tangent",
    }
)


def operation(primitive: str) -> str:
    """Says what a primitive does; one that is in no table is named."""
    return OPERATIONS.get(primitive, f"The primitive {primitive}")
