"""How small a change of one entry would be noticed."""

from compare.numbers import largest_ratio, needed_count
from compare.report.document import Json
from compare.report.page.markup import Cell, table, told
from compare.report.words import DETECTABLE


def noticed(report: Json) -> str:
    """Returns from how many ulp on a change of one entry is seen, whoever makes it."""
    known = [one["certificate"]["detectable_ulp"] for one in report["implementations"]]
    known = [one for one in known if one]
    if not known:
        return ""
    largest = {name: largest_ratio([found[name] for found in known]) for name in known[0]}
    rows = [
        [name, Cell("∞" if n is None else needed_count(n or None))] for name, n in largest.items()
    ]
    return told(DETECTABLE, table("Changes that are noticed", ["", Cell("ulp")], rows))
