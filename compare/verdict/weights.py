"""What the weights of a program add to its verdict: wrong ones come first."""

from collections.abc import Sequence

from compare.evidence.local.check import Checks
from compare.numbers import and_more, first_few
from compare.pairing.names import module_of
from compare.pairing.pairing import Pairing
from compare.verdict.finding import Finding

_SHOWN = 3
_BESIDE = {
    "agree": "with the weights of the reference in their places it agrees",
    "disagree": "with the weights of the reference in their places it disagrees too: ",
    "undecided": "with the weights of the reference in their places it is undecided: ",
}


def with_weights(decided: Finding, pairing: Pairing, *, is_same_by_itself: bool = False) -> Finding:
    """Returns a verdict on a program that has weights of its own.

    Args:
      decided: on the program with the weights of the reference.
      pairing: of its own with these.
      is_same_by_itself: whether with its own it has the outputs of the reference.
    """
    remarks = (*on_weights(pairing), *decided.remarks)
    wrong, unpaired = pairing.findings, _unpaired(pairing)
    if is_same_by_itself and decided.verdict != "agree":
        return _computed([one.sentence for one in wrong] + unpaired, remarks)
    if not wrong and decided.verdict == "disagree" and unpaired:
        first, *others = unpaired
        return decided._replace(
            sentence=f"{first}; {decided.sentence}", remarks=(*others, *remarks)
        )
    if not wrong:
        return decided._replace(remarks=(*unpaired, *remarks))
    remarks = (*unpaired, *remarks)
    told = "; ".join(one.sentence for one in wrong[:_SHOWN])
    if len(wrong) > _SHOWN:
        told += f"; {len(wrong) - _SHOWN:,} more weights are wrong"
    is_known = not pairing.kept or decided.verdict == "agree"
    return decided._replace(
        verdict="disagree",
        basis="weights",
        sentence=f"{told}; {_of_program(decided) if is_known else _unknown(pairing.kept)}",
        first=decided.first if is_known else None,
        remarks=remarks,
    )


def _of_program(decided: Finding) -> str:
    """Says what the program does with the weights of the reference."""
    return _BESIDE[decided.verdict] + decided.sentence * (decided.verdict != "agree")


def _unknown(kept: Sequence[str]) -> str:
    """Says why nothing is said of a program that could not have all weights of the reference."""
    return (
        "whether the program is right is not known until its weights are: "
        f"{_are(kept)} in no weight of the reference"
    )


def _computed(said: Sequence[str], remarks: tuple[str, ...]) -> Finding:
    """Says that weights are others, and that the program computes the same with them."""
    sentence = (
        f"{said[0]}{and_more(said)}; but with its own weights it has the outputs of the reference: "
        "they may be computed from its weights, as where a norm is folded into them; to compare "
        "gradients too, pass a function of (state, *inputs) that computes them from the weights of "
        "the reference"
    )
    return Finding("undecided", "nothing", sentence, remarks=remarks)


def between_equals(
    decided: Finding, wrong: Checks, reason: str | None, pairing: Pairing
) -> Finding | None:
    """Returns a verdict where weights that are equal may have been taken for each other.

    Args:
      decided: on the program.
      wrong: all checks that fail.
      reason: of the first.
      pairing: of the weights of the program.

    Returns:
      None if something else is wrong.
    """
    modules = {module_of(name) for tie in pairing.ties if len(tie.own) > 1 for name in tie.theirs}
    equal = [one.name for one in wrong if module_of(one.name) in modules]
    swaps = {f"the gradient by `{one}` is that of `{other}`" for one in equal for other in equal}
    if decided.verdict != "disagree" or len(equal) < len(wrong) or reason not in swaps:
        return None
    if any(one.kind != "gradient" for one in wrong):
        return None
    sentence = (
        f"{reason}; but {_names(equal)} hold the same numbers as others, and were told apart by "
        "their order alone, so that one may have been taken for another; compare again with "
        "weights that are trained a little, or with names that tell which is which"
    )
    return Finding("undecided", "nothing", sentence, decided.first, decided.exact)


def on_weights(pairing: Pairing) -> tuple[str, ...]:
    """Says what else is to be known of weights."""
    said = [one.sentence for one in pairing.remarks]
    for tie in pairing.ties:
        if len(tie.own) > 1:
            said.append(
                f"{_names(tie.own)} hold the same numbers, and were told apart by their order alone"
            )
    return tuple(said)


def _unpaired(pairing: Pairing) -> list[str]:
    """Says which weights are in one of both alone."""
    said = []
    if pairing.unused:
        said.append(f"of the reference, {_are(pairing.unused)} in none of its weights")
    if pairing.kept:
        as_found = "it is" if len(pairing.kept) == 1 else "they are"
        said.append(f"{_are(pairing.kept)} in no weight of the reference, and used as {as_found}")
    return said


def _are(names: Sequence[str]) -> str:
    """Returns '`a` is' or '`a` and `b` are'."""
    return f"{_names(names)} {'is' if len(names) == 1 else 'are'}"


def _names(names: Sequence[str]) -> str:
    return first_few([f"`{name}`" for name in names], _SHOWN)
