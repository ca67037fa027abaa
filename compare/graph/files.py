"""The graphs of a network as files."""

from collections.abc import Sequence
from typing import Unpack

from compare.formats.atomic import Staging
from compare.formats.places import check_places, places_in
from compare.graph.explanation import Drawable, Explanation, Options, explain_network
from compare.graph.markdown import markdown
from compare.graph.pictures.graphviz import FORMATS, can_draw, picture
from compare.graph.pictures.texts import STEMS, dot_texts
from compare.options.checks import each_of
from compare.quoting import quoted


def draw(
    network: Drawable,
    *,
    out: str = "out",
    formats: Sequence[str] = FORMATS,
    **options: Unpack[Options],
) -> tuple[str, ...]:
    """Writes the graphs of a network to files, and returns their paths.

    graph_torch, graph_jax and graph_both are each a .dot text and, where pygraphviz is installed,
    pictures; graph.md has every explanation.

    Args:
      network: as in `explain_network`.
      out: a folder.
      formats: of pictures: 'svg', 'png', 'pdf'; or none.
      options: as in `explain_network`.

    Raises:
      UsageError: as `explain_network` does, for another format, and if nothing can be written
        or would replace a file that this project did not write.
    """
    check_files(out, formats)
    return write(explain_network(network, **options), out=out, formats=formats)


def check_files(out: str, formats: Sequence[str]) -> None:
    """Checks that the graphs can be written; errors are those of `draw`."""
    each_of(FORMATS)("formats", formats)
    names = [f"{stem}.{kind}" for stem in STEMS for kind in ("dot", *_pictures(formats))]
    check_places(places_in(out, [*names, "graph.md"], option="--out"))


def write(explanation: Explanation, *, out: str, formats: Sequence[str]) -> tuple[str, ...]:
    """Writes the files of an explanation, and returns their paths."""
    texts = {stem: quoted(text) for stem, text in dot_texts(explanation).items()}
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            staging.write(f"{stem}.dot", text)
        staging.write("graph.md", quoted(markdown(explanation)))
    written, kinds = staging.names, _pictures(formats)
    if not kinds:
        return written
    # Pictures come last: should Graphviz fail, the texts are there.
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            for kind in kinds:
                staging.write(f"{stem}.{kind}", picture(text, kind))
    return written + staging.names


def _pictures(formats: Sequence[str]) -> tuple[str, ...]:
    return tuple(formats) if can_draw() else ()
