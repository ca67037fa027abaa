"""Which of two programs has a NaN or an infinity that the other has not."""

from compare.evidence.local.check import Check
from compare.verdict.finding import Finding
from compare.verdict.function_evidence import Evidence
from compare.verdict.function_sentences import told


def not_finite(evidence: Evidence) -> Finding | None:
    """Decides on a program where it or the reference alone is not finite; None if none is.

    A bound that is infinite proves nothing: numbers may overflow there in the dtype.
    """
    for one in evidence.checks:
        if one.overflown or one.undefined:
            own = next((own for own in evidence.own if own.key == one.key), None)
            found = _decided(evidence, one, own)
            if found is not None:
                return found
    return None


def _decided(evidence: Evidence, one: Check, own: Check | None) -> Finding | None:
    if own is None:
        return None
    if one.undefined > own.undefined:
        sentence = f"{told(one)}: the reference is not finite there{_because(evidence, one)}"
        return Finding("disagree", "certificate", sentence, one)
    if one.overflown > own.overflown:
        sentence = (
            f"{told(one)}: it is not finite where the reference is, though it may overflow in "
            f"{evidence.dtype}{_because(evidence, one)}"
        )
        return Finding("undecided", "nothing", sentence, one)
    return None


def _because(evidence: Evidence, one: Check) -> str:
    cause = evidence.cause(one)
    return f", because of {cause}" if cause else ""
