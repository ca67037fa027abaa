"""The report as one page that needs nothing else, made from the parsed report.json alone."""

import importlib.resources
from collections.abc import Iterable

from compare.report.document import Json
from compare.report.figures import draw_all
from compare.report.figures.certificate import alike
from compare.report.figures.drawing import Drawing
from compare.report.labels import sizes_of
from compare.report.page import sections
from compare.report.page.markup import escaped, figure, paragraph, section

# Nothing is ever loaded: a browser would refuse to.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def make_page(
    report: Json, *, drawings: Iterable[Drawing] | None = None, graphs: Iterable[str] = ()
) -> str:
    """Returns the page.

    Args:
      report: parsed report.json, of this schema_version.
      drawings: its figures, if they are drawn already.
      graphs: computational graphs, each the text of an <svg> element.
    """
    figures = list(draw_all(report) if drawings is None else drawings)
    certificates = [one for one in figures if one.name.startswith("certificate_")]
    failed = [bool(group[0]["certificate"]["failed"]) for group in alike(report)]
    broken = [one for one, wrong in zip(certificates, failed, strict=True) if wrong]
    sound = [one for one, wrong in zip(certificates, failed, strict=True) if not wrong]
    others = [one for one in figures if one not in certificates]
    main = (
        sections.failure(report, _certificates(broken, "broken")),
        sections.compared(report),
        section("certificates", "Certificates", _how_to_read(), _certificates(sound)),
        sections.matrix(report),
        sections.parameters(report),
        sections.change(report),
        _entries(report, [one for one in others if one.name.startswith("heatmap_")]),
        section(
            "distribution",
            "How far, where and how large",
            _grid(one for one in others if not one.name.startswith("heatmap_")),
        ),
        section("graphs", "Computational graphs", *map(_graph, graphs)),
        sections.circumstances(report),
    )
    return _document(report, "\n".join(part for part in main if part))


def _document(report: Json, main: str) -> str:
    style = importlib.resources.files("compare.report.page").joinpath("page.css").read_text("utf-8")
    skip = "#failure" if report["verdict"] != "agree" else "#compared"
    words = "Skip to the failure" if report["verdict"] != "agree" else "Skip to the results"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escaped(report['verdict'])}: gradients of {sizes_of(report['config'])}</title>\n"
        f'<style>\n{style}</style></head>\n<body class="{escaped(report["verdict"])}">\n'
        f'<a class="skip" href="{skip}">{words}</a>\n'
        f"{sections.headline(report)}\n<main>\n{main}\n</main></body></html>\n"
    )


def _how_to_read() -> str:
    return paragraph(
        "Each gradient is held against itself, layer by layer: forward along the top, backward "
        "along the bottom, the gradients of the weights between. A box says what share of the "
        "rounding allowed there is used at most; one with a cross is more than rounding.",
        "note",
    )


def _certificates(drawings: Iterable[Drawing], kind: str = "") -> str:
    each = "\n".join(figure(one, kind, natural=True) for one in drawings)
    return f'<div class="certificates">{each}</div>' if each else ""


def _entries(report: Json, drawings: list[Drawing]) -> str:
    if not drawings:
        return ""
    said = (
        f"Of {report['entries']['samples']:,} samples, the largest of all pairs; up to 48 × 48 "
        "cells a matrix. A cross is over the bound, or not finite."
    )
    return section(
        "entries", "Entries of every parameter", paragraph(said, "note"), _grid(drawings)
    )


def _grid(drawings: Iterable[Drawing]) -> str:
    each = "\n".join(map(figure, drawings))
    return f'<div class="figures">{each}</div>' if each else ""


def _graph(svg: str) -> str:
    return f'<div class="box graph" tabindex="0" role="group" aria-label="graph">{svg}</div>'
