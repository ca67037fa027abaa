"""What is said of an implementation whose certificate fails: what is wrong, where, and why.

A sentence that names a quantity gives figures of that quantity: those of the rule that failed first
if it speaks of it, else those by which it was found.
"""

from compare.evidence.certificate.certificate import Certificate
from compare.evidence.certificate.finding import Finding
from compare.evidence.certificate.loss import Loss
from compare.evidence.hypotheses.explanation import Explanation
from compare.numbers import listed, subscript, times, told_apart


def failed_certificate(
    certificate: Certificate, failure: Finding, explanation: Explanation | None, loss: Loss
) -> tuple[str, str]:
    """Says what is wrong with an implementation, and why if that is known; and where it is seen."""
    first = f"first seen in sample {failure.sample}"
    wrong = _wrong(certificate, failure, explanation)
    if explanation is not None and not _shows(failure, explanation):
        assert explanation.figures is not None
        evidence = _evidence(certificate, explanation)
        return wrong, f"{first}, layer {explanation.figures.layer}: {evidence}"
    return wrong, (
        f"{first}, layer {failure.parameter[1:]}, by the rule {failure.rule}: "
        f"{_broken_rule(certificate, failure, loss)}, {times(failure.ratio)} times what "
        + _allowing(certificate)
    )


def _allowing(certificate: Certificate) -> str:
    if certificate.printed is None:
        return "rounding allows"
    if certificate.rate is None:
        return "rounding and the known digits allow"
    return f"rounding and the digits that a step at a rate of {certificate.rate:g} shows allow"


def _wrong(certificate: Certificate, failure: Finding, explanation: Explanation | None) -> str:
    """Says which quantity is wrong, and why if that is known."""
    who = certificate.implementation
    if explanation is not None and explanation.causes:
        return accusation(explanation, who)
    figures = None if explanation is None else explanation.figures
    if figures is None:
        subject = _subject(certificate, failure)
    elif _is_input(figures.quantity):
        subject = _wrong_input(certificate, figures.quantity, figures.layer)
    else:
        subject = f"{figures.quantity} of {who} is not {_right(certificate, figures.quantity)}"
    if explanation is not None and explanation.are_many:
        return f"{subject}, and several known mistakes explain it alike"
    if explanation is None or explanation.is_complete:
        return f"{subject}, and neither one nor two known mistakes explain it"
    return f"{subject}, and nothing that was tried in time explains it"


def accusation(explanation: Explanation, implementation: str) -> str:
    """Says which quantities of an implementation are wrong, and by what."""
    said = []
    for cause in explanation.causes:
        names = listed(cause.quantities)
        verb = "is" if len(cause.quantities) == 1 else "are"
        said.append(f"{names} of {implementation} {verb} {cause.said}")
    end = "" if explanation.is_complete else ", as far as was tried in time"
    return "; and ".join(said) + end


def explained(certificate: Certificate, failure: Finding, explanation: Explanation) -> str:
    """Says what is wrong and why, beside the figures of a rule that may speak of something else."""
    said = _wrong(certificate, failure, explanation)
    if _shows(failure, explanation):
        return said
    return f"{said}: {_evidence(certificate, explanation)}"


def _evidence(certificate: Certificate, explanation: Explanation) -> str:
    """Says what the entry is that is furthest off, and what it should be."""
    figures = explanation.figures
    assert figures is not None
    found, expected = told_apart(figures.found, figures.expected)
    place = f"{figures.quantity}{subscript(figures.place)}"
    if not explanation.causes and _is_of_weights(figures.quantity):
        return f"{place} is {found} where {_right(certificate, figures.quantity)} is {expected}"
    asking = "forward pass" if _is_input(figures.quantity) else "chain rule"
    return f"{place} is {found} where the {asking} asks for {expected}"


def decisive_entry(
    failure: Finding, explanation: Explanation | None
) -> tuple[str, tuple[int, ...]]:
    """Returns the parameter, and the index in it, of the entry that a sentence speaks of."""
    if explanation is None or explanation.figures is None or _shows(failure, explanation):
        return failure.parameter, failure.index
    figures = explanation.figures
    kind = "b" if figures.quantity.startswith(("delta", "dL/db")) else "w"
    return f"{kind}{figures.layer}", figures.place


def _shows(failure: Finding, explanation: Explanation) -> bool:
    """Whether the rule that failed first is evidence of what an explanation speaks of.

    If dL/dw or dL/db is wrong it is not: the rules compare with the h that is recovered from both.
    """
    if explanation.figures is None:
        return True
    quantity, layer, *_ = explanation.figures
    if failure.parameter == f"w{layer}":
        named = {name for cause in explanation.causes for name in cause.quantities}
        spoiled = named & {f"dL/dw{layer}", f"dL/db{layer}"}
        return _is_input(quantity) and failure.rule != "rank_one" and not spoiled
    return failure.parameter == f"b{layer}" and quantity == f"delta{layer}"


def _subject(certificate: Certificate, failure: Finding) -> str:
    """Says what a rule finds wrong, where nothing more is known."""
    layer = int(failure.parameter[1:])
    if failure.rule in ("input", "activation"):
        return _wrong_input(certificate, _act_name(layer - 1), layer)
    quantity = f"dL/dw{layer}" if failure.rule == "rank_one" else f"delta{layer}"
    return f"{quantity} of {certificate.implementation} is not {_right(certificate, quantity)}"


def _right(certificate: Certificate, quantity: str) -> str:
    """Says what a gradient should be; one of weights is held against that of biases beside it."""
    if not _is_of_weights(quantity):
        return "what the chain rule gives"
    layer = int(quantity.removeprefix("dL/dw"))
    return f"{_act_name(layer - 1)} times {_delta_name(certificate, layer)}"


def _wrong_input(certificate: Certificate, quantity: str, layer: int) -> str:
    right = "what the forward pass gives" if layer > 1 else "that of the sample"
    implying = _implying(certificate, layer, f" of {certificate.implementation}")
    return f"the {quantity} that {implying} is not {right}"


def _implying(certificate: Certificate, layer: int, whose: str = "") -> str:
    """Says which gradients imply the input of a layer, and whose they are."""
    if certificate.has_bias(layer):
        return f"dL/dw{layer} and dL/db{layer}{whose} imply"
    return f"dL/dw{layer}{whose} implies"


def _delta_name(certificate: Certificate, layer: int) -> str:
    """Returns what delta is called: dL/db, where there is one."""
    return f"dL/db{layer}" if certificate.has_bias(layer) else f"delta{layer}"


def _act_name(layer: int) -> str:
    return f"h{layer}" if layer else "x"


def _is_of_weights(quantity: str) -> bool:
    return quantity.startswith("dL/dw")


def _is_input(quantity: str) -> bool:
    return quantity == "x" or quantity.startswith("h")


def _broken_rule(certificate: Certificate, failure: Finding, loss: Loss) -> str:
    """Says what a rule has found, and what it expected."""
    place = subscript(failure.index)
    layer = int(failure.parameter[1:])
    below = layer - 1
    found, expected = told_apart(failure.found, failure.expected)
    implying = _implying(certificate, layer)
    return {
        "rank_one": f"dL/dw{layer}{place} is {found} where {_act_name(below)} times "
        f"{_delta_name(certificate, layer)} is {expected}",
        "input": f"{implying} x{place} = {found} where it is {expected}",
        "activation": f"{implying} h{below}{place} = {found} where phi(z{below}) is {expected}",
        "output": f"delta{layer}{place} is {found} where {loss.slope_formula} is {expected}",
        "chain": f"delta{layer}{place} is {found} where the layer above asks for {expected}",
    }[failure.rule]
