"""Pictures of what each gradient proves of itself: of those that fail, and of the others."""

from collections.abc import Iterable, Sequence

from compare.report.document import Json
from compare.report.figures.certificate import alike
from compare.report.figures.drawing import Drawing
from compare.report.page.markup import caption, figure, section
from compare.report.words import PICTURES


def broken_and_sound(
    report: Json, drawings: Sequence[Drawing]
) -> tuple[list[Drawing], list[Drawing]]:
    """Parts the pictures, one for each group of implementations that are alike."""
    failed = [bool(group[0]["certificate"]["failed"]) for group in alike(report)]
    each = list(zip(drawings, failed, strict=True))
    return [one for one, wrong in each if wrong], [one for one, wrong in each if not wrong]


def certificates(sound: Iterable[Drawing]) -> str:
    """Returns those of whom nothing is wrong, and how they are read."""
    return section("certificates", "Layer by layer", caption(PICTURES), pictures(sound))


def pictures(drawings: Iterable[Drawing], kind: str = "") -> str:
    """Returns pictures below one another, of a class."""
    each = "\n".join(figure(one, kind, natural=True) for one in drawings)
    return f'<div class="certificates">{each}</div>' if each else ""
