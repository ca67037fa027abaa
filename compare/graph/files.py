"""The graphs of a network as files."""

from collections.abc import Sequence

from compare.formats.atomic import Staging
from compare.formats.places import check_places, places_in
from compare.graph.explanation import Network, explain_network
from compare.graph.markdown import markdown
from compare.graph.pictures.graphviz import FORMATS, can_draw, picture
from compare.graph.pictures.texts import STEMS, dot_texts
from compare.options.checks import each_of
from compare.quoting import quoted


def draw(
    network: Network,
    *,
    activation: str | Sequence[str] = "sigmoid",
    dtype: str = "float32",
    out: str = "out",
    formats: Sequence[str] = FORMATS,
) -> tuple[str, ...]:
    """Writes the graphs of a network to files, and returns their paths.

    graph_torch, graph_jax and graph_both are each a .dot text and, where pygraphviz is installed,
    pictures; graph.md has every explanation.

    Args:
      network: as in `explain_network`.
      activation: likewise.
      dtype: likewise.
      out: a folder.
      formats: of pictures: 'svg', 'png', 'pdf'; or none.

    Raises:
      UsageError: as `explain_network` does, for another format, and if nothing can be written
        or would replace a file that this project did not write.
    """
    each_of(FORMATS)("formats", formats)
    pictures = tuple(formats) if can_draw() else ()
    names = [f"{stem}.{kind}" for stem in STEMS for kind in ("dot", *pictures)]
    check_places(places_in(out, [*names, "graph.md"], option="--out"))
    explanation = explain_network(network, activation=activation, dtype=dtype)
    texts = {stem: quoted(text) for stem, text in dot_texts(explanation).items()}
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            staging.write(f"{stem}.dot", text)
        staging.write("graph.md", quoted(markdown(explanation)))
    written = staging.names
    if not pictures:
        return written
    # Pictures come last: should Graphviz fail, the texts are there.
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            for kind in pictures:
                staging.write(f"{stem}.{kind}", picture(text, kind))
    return written + staging.names
