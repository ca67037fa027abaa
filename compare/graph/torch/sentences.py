"""What is said of every node of torch; the fields are those of `compare.graph.sentences`."""

from types import MappingProxyType

# role -> sentence; a node stands for an operation of the forward, and takes dL/d(its result)
SENTENCES = MappingProxyType(
    {
        "x": "x is the sample; it is not differentiated, so autograd has no node for it.",
        "y": "y is the label of the sample; it is not differentiated, so autograd has no node for "
        "it.",
        "parameter_w": "{label} is the parameter {parameter} of the module: it is kept as "
        "{stored}.",
        "parameter_b": "{label} is the parameter {parameter} of the module, one number a unit.",
        "accumulate_w": "Adds {gradient} to {parameter}.grad: here the gradient of the weights of "
        "layer {l} ends.",
        "accumulate_b": "Adds dL/db{l}, which is delta{l} at batch size 1, to {parameter}.grad.",
        "weight_view": "Forward: {label}, the weights of layer {l} in another layout or shape; "
        "backward: gives {gradient} the layout of {parameter}.",
        "parameter_part": "Forward: {label}{made}, made of {parameter}; backward: gives what "
        "it is handed the shape of {parameter}.",
        "product": "Forward: {label}{made}, a part of the weighted sums of layer {l}; backward: "
        "its part of {gives_w}{hands}.",
        "affine": "Forward: {label}{made}; backward: makes of delta{l} {gives_w}, delta{l} for "
        "b{l}{hands}.",
        "affine_alone": "Forward: {label}{made}{no_bias}; backward: makes of delta{l} {gives_w}"
        "{hands}.",
        "biased": "Forward: adds the bias, {label}{made}; backward: hands delta{l} on to both, "
        "dL/db{l} = delta{l}.",
        "last_part": "Forward: {label}{made}; backward: hands {gradient} on to what this is made "
        "of.",
        "activation": "Forward: {label} = {phi_value}; backward: delta{l} = s{l} * {phi}'(z{l}), "
        "with {phi}'(z{l}) = {slope}.",
        "inside": "Forward: {label}{made}, part of {phi_value}; backward: its part of "
        "{phi}'(z{l}) = {slope}.",
        "view": "Forward: {label} in another shape or dtype, the same numbers; backward: gives "
        "{gradient} the shape it had.",
        "output_part": "Forward: {label}{made}, part of yhat = {yhat}; backward: its part of "
        "delta{l} = {delta}{with_slope}.",
        "yhat": "Forward: {label}{made}, the prediction; backward: its part of delta{l} = {delta}"
        "{with_slope}.",
        "loss_part": "Forward: {label}{made}, part of L = {loss}; backward: its part of {slope_of} "
        "= {dloss}.",
        "loss": "Forward: the loss{made}, which is L = {loss}; backward: begins with dL/dloss = 1.",
        "penalty": "Forward: {label}{made}, part of the L2 term{penalty}; backward: its part of "
        "{l2} * w, which is added to the gradient of every weight.",
    }
)
