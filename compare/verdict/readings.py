"""How what was brought was read, where it could be read in several ways, in words."""

from collections.abc import Iterator, Mapping

from compare.formats.reading import Choice


def readings_said(weights: Choice | None, gradients: Mapping[str, Choice | None]) -> str:
    """Returns what to add to the sentence of a verdict, empty where nothing had to be chosen.

    Args:
      weights: how they were read.
      gradients: by implementation; None where they were computed.
    """
    return "".join(f"; {said}" for said in _said(weights, gradients))


def readings_doubted(weights: Choice | None) -> tuple[str, ...]:
    """Returns a warning where only the gradients say how the weights are to be read."""
    if weights is None or weights.likely or not weights.holds:
        return ()
    return (
        f"the weights were read as {weights.reading.words}, because the gradients certify so; if "
        "that is not how they are meant, say so by --layout or names such as w1 b1 w2 b2",
    )


def _said(weights: Choice | None, gradients: Mapping[str, Choice | None]) -> Iterator[str]:
    if weights is not None and weights.holds is not None:
        yield f"the weights were read as {_taken(weights)}"
    for name, choice in gradients.items():
        if choice is not None and choice.others:
            yield f"{name} was read as {_taken(choice)}"


def _taken(choice: Choice) -> str:
    """Says what was taken, and what became of the other readings."""
    failing, holding = len(choice.failing), len(choice.holding)
    said = choice.reading.words
    if not choice.holds:
        return f"{said}, which comes nearest: none of {failing + holding + 1} readings certifies"
    if holding:
        more = "" if holding == 1 else f", as do {holding - 1} more"
        said += f", and as {choice.holding[0].words} it certifies too{more}"
    if failing:
        one = "the other reading fails" if failing == 1 else f"{failing} other readings fail"
        said += f"; {one}" if holding else f", and {one.replace('the other', 'the only other')}"
    return said
