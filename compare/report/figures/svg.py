"""The SVG that matplotlib writes, made fit for a page."""

import html
import re

INK = "#010203"  # becomes currentColor, so that text follows the page in the dark

_DEFAULTS = (
    *("; stroke-linejoin: miter", "; stroke-linecap: square", "stroke-linejoin: round;"),
    " font-family: 'DejaVu Sans', sans-serif;",
)


def fit_for_a_page(svg: str, name: str, title: str, description: str) -> str:
    """Gives a figure a name, texts for those who do not see it, and ids of its own."""
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    inner = svg[svg.index(">", svg.index("<svg")) + 1 :].strip()
    inner = re.sub(r"<metadata>.*?</metadata>\s*", "", inner, flags=re.DOTALL)
    inner = _named_apart(re.sub(r"\s*\n\s*", "\n", inner), name).replace(INK, "currentColor")
    inner = re.sub(r"<[^>]*>", lambda tag: _shortened(tag[0]), inner)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'{box[0]} role="img" font-family="DejaVu Sans, sans-serif" '
        f'stroke-linejoin="round" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>{inner}'
    )


def _named_apart(svg: str, name: str) -> str:
    """Keeps the ids that something refers to, and makes them this figure's own."""
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = svg.replace(' id="', f' id="{name}-')
    return svg.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')


def _shortened(tag: str) -> str:
    """Leaves out what changes nothing: defaults, no rotation, digits beyond a hundredth pixel."""
    if tag.startswith("<image"):
        return tag
    for default in _DEFAULTS:
        tag = tag.replace(default, "")
    return re.sub(r"(\d\.\d\d)\d+", r"\1", tag).replace("\n", " ")
