"""How a program stands beside a reference: what its checks say, and on what that rests."""

from compare.evidence.local.check import Check, Checks
from compare.numbers import and_more
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import (
    FREEDOM,
    LOW,
    Evidence,
    FailingChecks,
    failing,
    says_nothing,
    untested,
)
from compare.verdict.function_remarks import on_checks, on_odd, on_precision, on_ties
from compare.verdict.function_sentences import named, others, told
from compare.verdict.mathematics import Mathematics, mathematics
from compare.verdict.not_finite import not_finite

NOT_HELD = Finding("agree", "nothing", "no program is off, so that it was not held against itself")


def decide(evidence: Evidence) -> Finding:
    """Decides on one program.

    It is wrong where rounding cannot explain what it has, which is proved, and the reference keeps
    to the same bounds there. It agrees if every check holds and has something to say, or if it
    computes the same in float64 and is as far off as rounding usually makes. Otherwise it is
    undecided. A program that computes the same in float64 may have a formula that loses two bits
    more than that of the reference.
    """
    found = failing(evidence)
    plain = tuple(one for one in evidence.plain if not one.holds)
    if found.wrong or plain:
        finding = _suspected(evidence, found.wrong or plain)
    else:
        finding = not_finite(evidence) or _unsuspected(evidence, found)
    remarks = (*finding.remarks, *on_ties(found.ties), *on_checks(evidence))
    return finding._replace(remarks=remarks)


def decide_reference(evidence: Evidence) -> Finding:
    """Says how a reference keeps to its own bounds."""
    wrong = next((one for one in evidence.checks if not one.holds), None)
    if wrong is None:
        return Finding("agree", "certificate", "its rounding errors are within their bounds")
    sentence = f"its rounding errors are beyond their bounds, {told(wrong)}"
    return Finding("undecided", "nothing", sentence, wrong)


def _suspected(evidence: Evidence, wrong: Checks) -> Finding:
    """Decides on a program that rounding does not explain."""
    first, known = wrong[0], mathematics(evidence)
    if _is_elsewhere(evidence, wrong, known):
        sentence = (
            "in float64 its results are the same, and here they are as far off as rounding "
            f"usually makes, though {named(first)} is something else"
        )
        return Finding("agree", "float64", sentence, exact=known.checks)
    is_slight = all(one.used <= FREEDOM for one in wrong)
    if known.verdict == "same" and is_slight and not untested(evidence):
        return _other_formula(evidence, first, known)
    if known.verdict != "different" and _is_nearer(evidence):
        sentence = (
            f"{told(first)}; but none of its results is farther from exact than that of the "
            "reference"
        )
        return Finding("undecided", "nothing", sentence, first, known.checks)
    if known.verdict != "different" and is_slight:
        why = known.told or _as_large(evidence, untested(evidence))
        sentence = f"{told(first)}, which another formula may make; {why}"
        return Finding("undecided", "nothing", sentence, first, known.checks)
    accused = _accused(wrong, known)
    sentence = told(accused[0]) + others(accused[1:]) + _forward_is_right(evidence, accused)
    sentence += _in_float64(evidence, known)
    return Finding("disagree", "certificate", sentence, accused[0], known.checks)


def _accused(wrong: Checks, known: Mathematics) -> Checks:
    """Leaves out what is slight and the same in float64, where something else is different."""
    different = {one.key for one in known.wrong}
    sure = tuple(one for one in wrong if one.used > FREEDOM or one.key in different)
    return sure if different and sure else wrong


def _other_formula(evidence: Evidence, first: Check, known: Mathematics) -> Finding:
    """Says that a program has another formula, of fewer digits."""
    odd = first, *(one for one in _odd(evidence, ()) if one.key != first.key)
    return Finding(
        "agree",
        "float64",
        f"in float64 it computes the same; {told(first)}, which another formula may make",
        exact=known.checks,
        warnings=on_odd(odd),
    )


def _is_elsewhere(evidence: Evidence, wrong: Checks, known: Mathematics) -> bool:
    """Whether what is wrong comes of places that hold something else, with the same results."""
    places = {one.key for one in known.elsewhere}
    return all(one.key in places for one in wrong) and all(
        one.holds and one.is_typical for one in evidence.at_ends
    )


def _is_nearer(evidence: Evidence) -> bool:
    """Whether no result is farther from exact than the reference's own is."""
    own = {one.key: one for one in evidence.own_at_ends}
    return all(
        one.key in own and one.used < float("inf") and one.difference <= own[one.key].difference
        for one in evidence.at_ends
    )


def _forward_is_right(evidence: Evidence, wrong: Checks) -> str:
    ahead = ("forward", "output")
    if any(one.kind in ahead for one in wrong):
        return ""
    unseen = any(one.nans for one in evidence.checks if one.kind in ahead)
    return "" if unseen else "; the forward pass is right"


def _in_float64(evidence: Evidence, known: Mathematics) -> str:
    """Says what float64 adds to an accusation."""
    if evidence.narrowest in LOW and evidence.dtype not in LOW:
        return f"; numbers of {evidence.narrowest} occur in it"
    if evidence.dtype == "float64":
        is_narrow = all(one.is_typical for one in evidence.as_narrow)
        return "; to float32 it is the same: something in it may be of float32" * is_narrow
    if known.verdict == "same" or known.is_narrow:
        same = known.told or "in float64 it computes the same"
        return (
            f"; {same}, so that it is less precise arithmetic, a formula that loses digits, or a "
            f"mistake in what is done in {evidence.dtype} alone"
        )
    return "; in float64 it is wrong too" if known.verdict == "different" else ""


def _unsuspected(evidence: Evidence, found: FailingChecks) -> Finding:
    """Decides on a program that rounding may explain."""
    odd, vacuous = _odd(evidence, found.ties), says_nothing(evidence)
    if not any(one.entries for one in evidence.checks):
        empty = "no array of it has an entry, so that nothing was compared"
        return Finding("undecided", "nothing", empty)
    lost = [one for one in evidence.checks if one.nans == one.entries > 0]
    if lost:
        nothing = (
            f"{named(lost[0])}{and_more(lost)}: all of it is NaN in both, which compares nothing"
        )
        return Finding("undecided", "nothing", nothing, lost[0])
    is_proved = evidence.is_whole and not (vacuous or found.unclear or _odd_plain(evidence))
    sentence = "every difference is rounding" + ", or a choice at a tie" * bool(found.ties)
    if is_proved and not odd and evidence.dtype not in LOW:
        return Finding("agree", "certificate", sentence)
    known = mathematics(evidence)
    if known.verdict == "different":
        first = known.wrong[0]
        sentence = f"in float64, {told(first)}{others(known.wrong[1:])}"
        return Finding("disagree", "float64", sentence, first, known.checks)
    remarks = on_precision(evidence, known)
    finding = Finding("agree", "certificate", sentence, None, known.checks, on_odd(odd), remarks)
    if is_proved:
        return finding
    if not (odd or vacuous or found.unclear) and isinstance(evidence.exact, str):
        return finding._replace(sentence=f"{sentence}, from the arguments to the results")
    if known.verdict == "same" and not (odd or found.unclear or untested(evidence)):
        same = "in float64 it computes the same, and here it is as far off as rounding makes"
        return finding._replace(basis="float64", sentence=same)
    why = _why_open(evidence, found, odd, known)
    at = next(iter(odd), None)
    return finding._replace(verdict="undecided", basis="nothing", sentence=why, first=at)


def _why_open(evidence: Evidence, found: FailingChecks, odd: Checks, known: Mathematics) -> str:
    """Says why nothing can be decided."""
    silent, vacuous = untested(evidence), says_nothing(evidence)
    so_far = "in float64 it computes the same, but " if known.verdict == "same" else ""
    if found.open:
        why = f"{told(found.open[0])}; but numbers that are compared there are equal"
    elif found.uncovered:
        first = found.uncovered[0]
        why = f"{told(first)}; but so is the reference itself, which roundoff does not cover"
    elif odd:
        why = told(odd[0])
    elif silent:
        why = _as_large(evidence, silent)
    elif vacuous:
        why = f"the bounds say nothing of {named(vacuous[0])}{and_more(vacuous)}"
    else:
        why = "places of the reference lack, and float64 does not decide"
    return f"{so_far}{why}"


def _as_large(evidence: Evidence, silent: Checks) -> str:
    large = f"{named(silent[0])}{and_more(silent)}"
    return f"in {evidence.dtype} rounding may be as large as {large}"


def _odd(evidence: Evidence, ties: Checks) -> Checks:
    """Returns the checks that correct code seldom fails."""
    admitted = {one.key for one in ties}
    checks = [one for one in evidence.checks if one.key not in admitted]
    checks += [one for one in evidence.tied if one.key in admitted] if ties else []
    return tuple(one for one in checks if not one.is_typical) + _odd_plain(evidence)


def _odd_plain(evidence: Evidence) -> Checks:
    return tuple(one for one in evidence.plain if not one.is_typical)
