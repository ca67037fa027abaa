"""How what was brought was read, where it could be read in several ways, in words."""

from collections.abc import Iterator, Mapping

from compare.evidence.certificate.certificate import Certificate
from compare.formats.reading import Choice


def readings_said(
    weights: Choice | None,
    gradients: Mapping[str, Choice | None],
    certificates: Mapping[str, Certificate],
) -> Iterator[str]:
    """Yields remarks on a verdict, none where nothing had to be chosen.

    Args:
      weights: how they were read.
      gradients: by implementation; None where they were computed.
      certificates: by implementation, of all samples.
    """
    read = {name: choice for name, choice in gradients.items() if choice is not None}
    failed = {name for name in read if certificates[name].failed}
    if weights is not None and weights.holds is not None:
        yield f"the weights were read as {_taken(weights, fails=bool(failed))}"
    for name, choice in read.items():
        if choice.others:
            yield f"{name} was read as {_taken(choice, fails=name in failed)}"


def readings_doubted(weights: Choice | None) -> tuple[str, ...]:
    """Returns a warning where only the gradients say how the weights are to be read."""
    if weights is None or weights.likely or not weights.holds:
        return ()
    return (
        f"the weights were read as {weights.reading.words}, because the gradients certify so; if "
        "that is not how they are meant, say so by --layout or names such as w1 b1 w2 b2",
    )


def _taken(choice: Choice, *, fails: bool) -> str:
    """Says what was taken, and what became of the other readings."""
    said, all_of_them = choice.reading.words, len(choice.others) + 1
    if not choice.holds:
        none = f": none of {all_of_them} readings certifies" if fails else f" of {all_of_them}"
        return f"{said}, which comes nearest{none}"
    failing, holding = len(choice.failing), len(choice.holding)
    if holding:
        more = f", as do {holding - 1} more" if holding > 1 else ""
        said += f", and as {choice.holding[0].words} it certifies too{more}"
    if failing:
        plural = f"{failing} other readings fail"
        said += f", and {plural if failing > 1 else 'one other reading fails'}"
    return said
