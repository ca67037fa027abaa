"""The report as one page that needs nothing else, made from the parsed report.json alone."""

from collections.abc import Iterable

from compare.report.answer import compared_of
from compare.report.document import Json
from compare.report.figures import draw_all
from compare.report.figures.drawing import Drawing
from compare.report.page.document import document
from compare.report.page.sections.batches import batches
from compare.report.page.sections.certificates import broken_and_sound, certificates, pictures
from compare.report.page.sections.change import change
from compare.report.page.sections.compared import compared
from compare.report.page.sections.environment import environment
from compare.report.page.sections.failure import failure
from compare.report.page.sections.figures import computational_graphs, distribution, entries
from compare.report.page.sections.headline import headline
from compare.report.page.sections.pairs import pairs
from compare.report.page.sections.parameters import parameters


def make_page(
    report: Json, *, drawings: Iterable[Drawing] | None = None, graphs: Iterable[str] = ()
) -> str:
    """Returns the page.

    Args:
      report: parsed report.json, of this schema_version.
      drawings: its figures, if they are drawn already.
      graphs: computational graphs, each the text of an <svg> element.
    """
    drawn = list(draw_all(report) if drawings is None else drawings)
    broken, sound = broken_and_sound(report, _of_kind(drawn, "certificate"))
    heatmaps = _of_kind(drawn, "heatmap")
    others = [one for one in drawn if one not in (*broken, *sound, *heatmaps)]
    main = (
        failure(report, pictures(broken, "broken")),
        parameters(report),
        pairs(report),
        compared(report),
        certificates(sound),
        batches(report),
        change(report),
        entries(heatmaps),
        distribution(others),
        computational_graphs(graphs),
        environment(report),
    )
    skip = "#parameters", "Skip to the parameters"
    if report["verdict"] != "agree":
        skip = "#failure", "Skip to the failure"
    title = f"{report['verdict']}: gradients of {compared_of(report)}"
    return document(report, title=title, header=headline(report), parts=main, skip=skip)


def _of_kind(drawings: Iterable[Drawing], kind: str) -> list[Drawing]:
    return [one for one in drawings if one.name.startswith(f"{kind}_")]
