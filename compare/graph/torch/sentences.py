"""What is said of every node of torch; the fields are those of `compare.graph.sentences`."""

from types import MappingProxyType

from compare.graph.losses import SQUARED_ERROR

# role -> sentence; a node stands for an operation of the forward, and takes dL/d(its result)
SENTENCES = MappingProxyType(
    {
        "x": "x is the sample; it is not differentiated, so autograd has no node for it.",
        "y": "y is the label that yhat is held against; it is not differentiated, so autograd has "
        "no node for it.",
        "weight": "{label} is the parameter {parameter} of the module: torch keeps the transpose "
        "of w{l}, one row a unit.",
        "bias": "b{l} is the parameter {parameter} of the module, one number a unit.",
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
        "inside": "Forward: {label}, part of {phi}(z{l}) = {value}; backward: its part of "
        "{phi}'(z{l}) = {slope}.",
        "view": "Forward: {label} in another shape, the same numbers; backward: gives {gradient} "
        "the shape it had.",
        **SQUARED_ERROR.torch,
    }
)
