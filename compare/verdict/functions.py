"""How a program stands beside a reference: what its checks say, and on what that rests."""

from compare.verdict.finding import Finding
from compare.verdict.function_evidence import (
    LOW,
    Checks,
    Evidence,
    Sorted,
    failing,
    says_nothing,
)
from compare.verdict.function_remarks import on_checks, on_odd, on_precision, on_ties
from compare.verdict.function_sentences import and_more, located, others, told
from compare.verdict.mathematics import Mathematics, mathematics
from compare.verdict.not_finite import not_finite


def decide(evidence: Evidence) -> Finding:
    """Decides on one program.

    It is wrong where rounding cannot explain what it has, which is proved, and the reference keeps
    to the same bounds there. It agrees if every check holds and has something to say, or if it
    computes the same in float64 and is as far off as rounding usually makes. Otherwise it is
    undecided.
    """
    found = failing(evidence)
    plain = tuple(one for one in evidence.plain if not one.holds)
    if found.wrong or plain:
        finding = _suspected(evidence, found.wrong or plain)
    else:
        finding = not_finite(evidence) or _unsuspected(evidence, found)
    warnings = () if finding.verdict == "disagree" else on_odd(_odd(evidence))
    remarks = (*finding.remarks, *on_ties(found.ties), *on_checks(evidence))
    return finding._replace(remarks=remarks, warnings=warnings)


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
            f"usually makes, though it has something else {located(first)}"
        )
        return Finding("agree", "float64", sentence, first, known.checks)
    if known.verdict != "different" and _is_nearer(evidence):
        sentence = (
            f"{told(first)}; but none of its results is farther from exact than that of the "
            "reference"
        )
        return Finding("undecided", "nothing", sentence, first, known.checks)
    sentence = told(first) + others(wrong[1:]) + _forward_is_right(evidence, wrong)
    sentence += _in_float64(evidence, known)
    return Finding("disagree", "certificate", sentence, first, known.checks)


def _is_elsewhere(evidence: Evidence, wrong: Checks, known: Mathematics) -> bool:
    """Whether what is wrong are places that hold something else, with all results the same."""
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
    if any(one.kind in ("forward", "output") for one in wrong):
        return ""
    return "; the forward pass is right"


def _in_float64(evidence: Evidence, known: Mathematics) -> str:
    """Says what float64 adds to an accusation."""
    if evidence.narrowest in LOW and evidence.dtype not in LOW:
        return f"; numbers of {evidence.narrowest} occur in it"
    if evidence.dtype == "float64":
        is_narrow = all(one.is_typical for one in evidence.as_narrow)
        return "; to float32 it is the same: something in it may be of float32" * is_narrow
    if known.verdict == "same":
        return (
            "; in float64 it computes the same, so that it is less precise arithmetic, a formula "
            f"that loses digits, or a mistake in what is done in {evidence.dtype} alone"
        )
    return "; in float64 it is wrong too" if known.verdict == "different" else ""


def _unsuspected(evidence: Evidence, found: Sorted) -> Finding:
    """Decides on a program that rounding may explain."""
    odd, vacuous = _odd(evidence), says_nothing(evidence)
    is_proved = evidence.is_whole and not (vacuous or found.uncovered or _odd_plain(evidence))
    if is_proved and not odd and evidence.dtype not in LOW:
        return Finding("agree", "certificate", "every difference is rounding")
    known = mathematics(evidence)
    if known.verdict == "different":
        first = known.wrong[0]
        sentence = f"in float64, {told(first)}{others(known.wrong[1:])}"
        return Finding("disagree", "float64", sentence, first, known.checks)
    same, remarks = known.verdict == "same", on_precision(evidence, known)
    if is_proved:
        sentence = "every difference is rounding"
        return Finding("agree", "certificate", sentence, exact=known.checks, remarks=remarks)
    if same and not odd and not found.uncovered:
        sentence = "in float64 it computes the same, and here it is as far off as rounding makes"
        return Finding("agree", "float64", sentence, exact=known.checks, remarks=remarks)
    why = _open(odd, found.uncovered, vacuous, known)
    return Finding("undecided", "nothing", why, next(iter(odd), None), known.checks)


def _open(odd: Checks, uncovered: Checks, vacuous: Checks, known: Mathematics) -> str:
    """Says why nothing can be decided."""
    so_far = "in float64 it computes the same, but " if known.verdict == "same" else ""
    if uncovered:
        why = f"{told(uncovered[0])}; but so is the reference itself, which roundoff does not cover"
    elif odd:
        why = told(odd[0])
    elif vacuous:
        why = f"bounds say nothing {located(vacuous[0])}{and_more(vacuous)}"
    else:
        why = "not every place was recorded"
    return f"{so_far}{why}" + (f", and {known.told}" if known.told else "")


def _odd(evidence: Evidence) -> Checks:
    """Returns the checks that correct code seldom fails."""
    return tuple(one for one in evidence.checks if not one.is_typical) + _odd_plain(evidence)


def _odd_plain(evidence: Evidence) -> Checks:
    return tuple(one for one in evidence.plain if not one.is_typical)
