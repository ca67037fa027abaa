"""What one file of numbers is of another, in words: 'the second is half of the first'."""

from collections.abc import Sequence

from compare.evidence.differences.prints import shown
from compare.evidence.relations.arrangements import (
    ADDED_UP,
    ARRAYS,
    EARLIER,
    LATER,
    NUMBERS,
    REVERSED,
    SAMPLES,
    TRANSPOSED,
)
from compare.evidence.relations.changes import ABSOLUTE, FACTOR, PLUS, SIGNS, ZERO, Change
from compare.evidence.relations.rounded import ROUNDINGS
from compare.evidence.relations.search import Explanation, Part, explain
from compare.formats.matching import ArrayPair
from compare.numbers import counted

_MOST_NAMES = 8
_MOVED = {
    "": "{}",
    TRANSPOSED: "{} transposed",
    REVERSED: "{} with {its} samples in reverse order",
    SAMPLES: "{} with {its} samples in another order",
    LATER: "sample i - 1 of {}",
    EARLIER: "sample i + 1 of {}",
    ADDED_UP: "{} added up over the samples",
    ARRAYS: "{} with {order}",
    NUMBERS: "{} with {its} numbers in another order",
}
_FACTORS = {1.0: "{}", -1.0: "the negative{s} of {}", 0.5: "half of {}", 2.0: "twice {}"}


def explanation(pairs: Sequence[ArrayPair], digits: int) -> str:
    """Says what relation of two files explains that they differ.

    Args:
      pairs: of all arrays, in float64.
      digits: to which the numbers of the files should agree.

    Returns:
      A sentence; '' if nothing is found.
    """
    found = explain(pairs, digits)
    if found is None or not found.parts:
        return ""
    how = _to_digits(found, pairs)
    if found.alike:
        clauses = [_clause(part, pairs, of_file=True) for part in found.parts]
        return _sentence(how, f"{', or '.join(clauses)}: both fit")
    backwards = found.parts[0].relation.backwards
    clauses = [
        _clause(part, pairs, of_file=not i or part.relation.backwards != backwards)
        for i, part in enumerate(found.parts)
    ]
    if found.unexplained:
        clauses.append(f"for {_list(found.unexplained)} no relation was found")
    told = sum(len(part.names) for part in found.parts) + len(found.unexplained)
    others = len(pairs) - told if told else 0
    if others:
        clauses.append("all others agree" if others > 1 else "the other agrees")
    return _sentence(how, "; ".join(clauses))


def _to_digits(found: Explanation, pairs: Sequence[ArrayPair]) -> str:
    """Says how well relations hold, if they are no exact ones."""
    if all(part.relation.change.kind in (ZERO, *ROUNDINGS) for part in found.parts):
        return ""
    short = not all(shown(pair, found.digits).all() for pair in pairs)
    as_printed = " or as far as they are printed" if short else ""
    return f"to {counted(found.digits, 'digit')}{as_printed}, "


def _clause(part: Part, pairs: Sequence[ArrayPair], *, of_file: bool) -> str:
    """Says what arrays, or a file, are: 'w1 of the second is half of that of the first'.

    Args:
      part: the arrays and their relation.
      pairs: of all arrays.
      of_file: whether to say of which file arrays are.
    """
    relation, names = part.relation, part.names
    one, other = ("first", "second") if relation.backwards else ("second", "first")
    many = len(names) > 1
    subject, theirs = f"the {one}", f"the {other}"
    if relation.arrangement in (LATER, EARLIER):
        subject = f"sample i of {subject}"
    elif many and len(names) == len(pairs):
        subject, theirs, many = f"each array of {subject}", f"that of {theirs}", False
    elif names and len(pairs) > 1:
        that = "those" if many else "that"
        subject = f"{_list(names)} of {subject}" if of_file else _list(names)
        theirs = f"{that} of {theirs}" if of_file else that
    moved = _MOVED[relation.arrangement].format(
        theirs, its="their" if many else "its", order=_order(relation.order, pairs)
    )
    changed = _changed(relation.change).format(moved, s="s" if many else "")
    return f"{subject} {'are' if many else 'is'} {changed}"


def _sentence(how: str, text: str) -> str:
    """Begins with a capital, unless the first word is the name of an array."""
    whole = f"{how}{text}."
    ours = how or text.startswith(("the first ", "the second ", "each array ", "sample i "))
    return whole[0].upper() + whole[1:] if ours else whole


def _changed(change: Change) -> str:
    """Returns what a change makes of {}; {s} is the ending of a plural."""
    amount = change.amount
    if change.kind == FACTOR:
        return _FACTORS.get(amount) or f"{_part(amount)} {{}}"
    if change.kind == PLUS:
        return f"{{}} {'plus' if amount > 0 else 'minus'} {_number(abs(amount))}"
    if change.kind == ABSOLUTE:
        return "the absolute value{s} of {}"
    if change.kind == SIGNS:
        return "{} but for signs"
    if change.kind == ZERO:
        return f"0 everywhere{', as far as is printed' if amount else ''}"
    if change.kind == "decimals":
        return f"{{}} rounded to {counted(int(amount), 'decimal') if amount else 'whole numbers'}"
    if change.kind == "significant":
        return f"{{}} rounded to {counted(int(amount), 'significant digit')}"
    return f"{{}} rounded to {change.kind}"


def _part(factor: float) -> str:
    """Returns '1/3 of' or '0.01 times', whichever is shorter."""
    n = round(1 / factor)
    is_part = n != 0 and 1 / n == factor and len(f"1/{n}") < len(repr(factor))
    return f"1/{n} of" if is_part else f"{_number(factor)} times"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _order(order: Sequence[int], pairs: Sequence[ArrayPair]) -> str:
    """Says where the arrays of the first are in the second."""
    moved = [place for place, i in enumerate(order) if place != i]
    if len(moved) == 2:
        return f"{' and '.join(pairs[i].name for i in moved)} exchanged"
    if len(order) > _MOST_NAMES:
        return "its arrays in another order"
    return f"its arrays in the order {', '.join(pairs[i].name for i in order)}"


def _list(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    shown = [*names[:_MOST_NAMES], f"{more} more"] if more > 0 else names
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
