"""A whole page that needs nothing else: its head, its style, and what stands in it."""

import importlib.resources
from collections.abc import Iterable

from compare.report.document import Json
from compare.report.page.markup import escaped

# Nothing is ever loaded: a browser would refuse to.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def document(
    report: Json,
    *,
    title: str,
    header: str,
    parts: Iterable[str],
    skip: tuple[str, str],
    styles: Iterable[str] = ("page.css",),
) -> str:
    """Returns the page.

    Args:
      report: parsed report.json.
      title: of the window.
      header: what stands at the top.
      parts: what stands below it; empty ones are left out.
      skip: where a link leads for those who use a keyboard, and its words.
      styles: files in this folder.
    """
    folder = importlib.resources.files("compare.report.page")
    style = "".join(folder.joinpath(one).read_text("utf-8") for one in styles)
    main = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escaped(title)}</title>\n"
        f'<style>\n{style}</style></head>\n<body class="{escaped(report["verdict"])}">\n'
        f'<a class="skip" href="{skip[0]}">{skip[1]}</a>\n'
        f"{header}\n<main>\n{main}\n</main></body></html>\n"
    )
