"""What the fixed tolerances of other libraries would have said."""

from compare.numbers import number
from compare.report.text.lines import wrapped
from compare.results import Report


def format_fixed_rules(report: Report, *, width: int) -> str:
    """Returns a sentence on the pair that breaks each rule most."""
    peers = [pair.peers for pair in report.pairs]
    said = []
    for rule in peers[0].breaking:
        most = max(one.breaking[rule] for one in peers)
        said.append(f"{rule} {f'fails in {most:,} entries' if most else 'passes'}")
    rtol = number(max(one.smallest_rtol for one in peers))
    atol = number(max(one.smallest_atol for one in peers))
    least = f"it would take rtol {rtol} or atol {atol}"
    return wrapped(f"By fixed rules, in the worst pair: {', '.join(said)}; {least}.", width)
