"""How a sentence about a node is filled in.

In a sentence `l` is the layer and `after` the next one, `h` is what the layer reads (x or h1) and
`phi` the activation, with `value` and `slope` its formulas. Some have fields of their own: `label`,
`formula` and `gradient` of the node, `does` for what a primitive does, `parameter` for the module's
name of one, and `hands` for an end that not every layer has.
"""

import re
from collections.abc import Sequence
from typing import Any

from compare.evidence.certificate.activations import activation_row


def explain(sentence: str, *, layer: int, activations: Sequence[str], **fields: Any) -> str:
    """Fills in a sentence for one layer of a network, whose hidden layers have these activations.

    A sentence about another layer says nothing of an activation.
    """
    phi = activations[layer - 1] if 0 < layer <= len(activations) else "identity"
    row = activation_row(phi)
    value, slope = (
        re.sub(r"\b([zh])\b", rf"\g<1>{layer}", text) for text in (row.formula, row.slope_formula)
    )
    return sentence.format(
        l=layer,
        after=layer + 1,
        h=f"h{layer - 1}" if layer > 1 else "x",
        phi=phi,
        value=value,
        slope=slope,
        **fields,
    )
