"""How a sentence about a node is filled in.

In a sentence `l` is the layer and `after` the next one, `h` is what the layer reads (x or h1),
`bias` says whether one is added, and `phi` is the activation, with `value` and `slope` its formulas
and `phi_value` the first beside its name. `loss`, `yhat`, `dloss`, `delta`, `penalty` and `l2` are
those of the end of the network. Some have fields of their own: `label`, `formula` and `gradient` of
the node, `does` for what a primitive does, `parameter` for the module's name of one, and `hands`
for an end that not every layer has.
"""

import re
from typing import Any

from compare.evidence.certificate.activations import activation_row
from compare.graph.ends import end_of
from compare.problem.network import Network


def explain(sentence: str, network: Network, *, layer: int, **fields: Any) -> str:
    """Fills in a sentence for one layer of a network.

    A sentence about another layer than a hidden one says nothing of an activation.
    """
    phis = network.activations
    phi = phis[layer - 1] if 0 < layer <= len(phis) else "identity"
    row = activation_row(phi)
    value, slope = (
        re.sub(r"\b([zh])\b", rf"\g<1>{layer}", text) for text in (row.formula, row.slope_formula)
    )
    h = f"h{layer - 1}" if layer > 1 else "x"
    has_bias = 0 < layer <= network.n_layers and network.has_bias(layer - 1)
    return sentence.format(
        l=layer,
        after=layer + 1,
        h=h,
        bias=" and the bias" if has_bias else "; the layer has no bias",
        no_bias="" if has_bias else ", without a bias",
        gives_w=f"outer({h}, delta{layer}) for w{layer}",
        decay=f" + {network.l2:g} * w{layer}" if network.l2 else "",
        phi=phi,
        value=value,
        phi_value=f"{phi}(z{layer})" + f" = {value}" * (value != f"{phi}(z{layer})"),
        slope=slope,
        **_of_end(network),
        **fields,
    )


def _of_end(network: Network) -> dict[str, str]:
    """Returns what sentences say of output, loss and penalty."""
    end = end_of(network)
    is_whole = end.slope == end.delta
    return {
        "loss": end.formula,
        "penalty": end.penalty.replace(" + ", " ", 1),
        "l2": f"{network.l2:g}",
        "yhat": end.yhat,
        "dloss": end.slope,
        "slope_of": f"delta{network.n_layers}" if is_whole else "dL/dyhat",
        "delta": end.delta,
        "with_slope": "" if is_whole else f" with dL/dyhat = {end.slope}",
    }
