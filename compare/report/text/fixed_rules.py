"""What the fixed tolerances of other libraries would have said."""

from compare.numbers import counted, number, rounded_up
from compare.report.text.lines import wrapped
from compare.results import Report

_ENTRIES = ("entry", "entries")


def format_fixed_rules(report: Report, *, width: int) -> str:
    """Returns a sentence on the pair that breaks each rule most."""
    peers = [pair.peers for pair in report.pairs]
    said = []
    for rule in peers[0].breaking:
        most = max(one.breaking[rule] for one in peers)
        said.append(f"{rule} {f'fails in {counted(most, *_ENTRIES)}' if most else 'passes'}")
    rtol, atol = (
        number(rounded_up(max(least), digits=2))
        for least in zip(*((one.smallest_rtol, one.smallest_atol) for one in peers), strict=True)
    )
    finite = not any(one.nonfinite_same for pair in report.pairs for one in pair.parameters)
    where = "" if finite else "where numbers are finite "
    least = f"{where}it would take rtol {rtol} or atol {atol}"
    of = "" if report.batches is None else " of gradients of single samples"
    return wrapped(f"By fixed rules, in the worst pair{of}: {', '.join(said)}; {least}.", width)
