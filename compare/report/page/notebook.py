"""The first part of the page, as a notebook shows it below a cell: no script, nothing loaded.

It stands in somebody else's page: its style holds inside it alone, it takes that page's colours,
and its ids are its own, however many reports a notebook shows.
"""

import hashlib
import importlib.resources
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from compare.report.document import Json, letters_of
from compare.report.json.write import report_to_json
from compare.report.page.markup import escaped, paragraph
from compare.report.page.sections.certificates import pictures
from compare.report.page.sections.compared import compared
from compare.report.page.sections.failure import failure
from compare.report.page.sections.headline import answer
from compare.report.page.sections.parameters import parameters
from compare.results import Report

LARGEST = 100_000  # bytes, since a notebook keeps what it shows
_MOST_PARAMETERS = 12


def notebook_html(report: Report) -> str:
    """Returns one element of at most `LARGEST` bytes, the verdict first."""
    known = json.loads(report_to_json(report))
    return element(known, answer(known), _parts(known))


def element(report: Json, first: str, parts: Iterable[str]) -> str:
    """Returns one element of at most `LARGEST` bytes.

    Args:
      report: parsed report.json.
      first: what is in it at any rate.
      parts: what is if there is room, the most important first.
    """
    key = hashlib.sha256(json.dumps(report).encode()).hexdigest()[:8]
    shown = [first]
    room = LARGEST - len(_element(report, shown, key).encode()) - 200
    for part in parts:
        if len(part.encode()) < room:
            shown.append(part)
            room -= len(part.encode()) + 1
    return _element(report, shown, key)


def _parts(report: Json) -> Iterator[str]:
    """Yields what stands below the verdict."""
    if report["verdict"] != "agree":
        yield failure(report, _picture(report))
    yield parameters(_with_fewer_parameters(report))
    who = ", ".join(f"{letter} {name}" for name, letter in letters_of(report).items())
    summary = f"<summary>{escaped(f'Who was compared: {who}')}</summary>"
    yield f"<details>{summary}{compared(report)}</details>"
    yield paragraph("The whole page, with figures: report.save('report.html')", "note")


def _picture(report: Json) -> str:
    """Draws the first implementation whose certificate failed, where matplotlib is there."""
    if importlib.util.find_spec("matplotlib") is None:
        return ""
    from compare.report.figures.certificate import alike, draw_certificate

    failed = (group for group in alike(report) if group[0]["certificate"]["failed"])
    return pictures([draw_certificate(report, group) for group in list(failed)[:1]], "broken")


def _with_fewer_parameters(report: Json) -> Json:
    """Returns the same with the parameters alone that use most of what rounding allows."""
    used: dict[str, float] = {}
    for pair in report["pairs"]:
        for one in pair["parameters"]:
            ratio = one["bound_ratio"]
            used[one["name"]] = max(
                used.get(one["name"], 0.0), float("inf") if ratio is None else ratio
            )
    kept = sorted(used, key=used.__getitem__, reverse=True)[:_MOST_PARAMETERS]

    def fewer(pair: Json) -> dict[str, Any]:
        return {**pair, "parameters": [one for one in pair["parameters"] if one["name"] in kept]}

    return {**report, "pairs": [fewer(pair) for pair in report["pairs"]]}


def _element(report: Json, parts: list[str], key: str) -> str:
    folder = importlib.resources.files("compare.report.page")
    style = folder.joinpath("notebook.css").read_text("utf-8")
    body = _apart("\n".join(part for part in parts if part), key)
    return (
        f'<div class="jaxmlp-report {report["verdict"]}"><style>{style}</style>\n{body}\n</div>\n'
    )


def _apart(html: str, key: str) -> str:
    """Gives every id, and what refers to it, a beginning of its own."""

    def renamed(found: re.Match[str]) -> str:
        ids = " ".join(f"{key}-{one}" for one in found[2].split())
        return f'{found[1]}="{ids}"'

    html = re.sub(r'(?<=\s)(id|aria-labelledby)="([^"]*)"', renamed, html)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", html)
