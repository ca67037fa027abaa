"""The graphs of a network as files."""

from collections.abc import Sequence

from compare.formats.atomic import Staging
from compare.graph.explanation import Network, explain_network
from compare.graph.markdown import markdown
from compare.graph.pictures.graphviz import FORMATS, can_draw, picture
from compare.graph.pictures.texts import dot_texts
from compare.options.checks import each_of


def draw(
    network: Network,
    *,
    activation: str = "sigmoid",
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
      UsageError: as `explain_network` does, for another format, and if nothing can be written.
    """
    each_of(FORMATS)("formats", formats)
    explanation = explain_network(network, activation=activation, dtype=dtype)
    texts = dot_texts(explanation)
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            staging.path(f"{stem}.dot").write_text(text)
        staging.path("graph.md").write_text(markdown(explanation))
    names = staging.names
    if not formats or not can_draw():
        return names
    # Pictures come last: should Graphviz fail, the texts are there.
    with Staging(out, option="--out") as staging:
        for stem, text in texts.items():
            for kind in formats:
                staging.path(f"{stem}.{kind}").write_bytes(picture(text, kind))
    return names + staging.names
