"""Which files are known to be this project's own."""

import io
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pytest
import torch

from compare.formats.ours import SIGN, is_ours, why_not_replaced
from compare.formats.write.params import write_params
from compare.graph import draw
from compare.graph.pictures.graphviz import FORMATS, can_draw
from compare.report.figures import FILES
from jaxmlp import Layer
from tests.support.runs import SMALL, compare


def test_every_file_that_a_run_writes(tmp_path):
    out = tmp_path / "out"
    flags = ("--html", f"--plots={tmp_path}/figures", f"--save_baseline={tmp_path}/baseline")
    compare(out, *SMALL, *flags)
    compare(out, *SMALL, "--dumps=npz", "--split_dumps")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kinds = {path.suffix for path in files}
    assert kinds == {"", ".dat", ".html", ".json", ".npz", ".svg"}
    assert [path for path in files if not is_ours(path)] == []
    figures = [path for path in files if path.suffix == ".svg"]
    assert all(any(fnmatchcase(path.name, pattern) for pattern in FILES) for path in figures)
    with np.load(out / "my_autograd_w.npz") as archive:
        assert archive.files == ["w1", "w2"]


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".pth", ".safetensors"])
def test_weights(tmp_path, suffix):
    path = tmp_path / f"w{suffix}"
    layer = Layer(np.ones((2, 3), np.float32), np.ones(3, np.float32))
    write_params(path, (layer,), suffix=suffix, layout="in_out")
    assert is_ours(path)
    if suffix == ".pt":
        for mapped in (False, True):
            weight, bias = torch.load(path, weights_only=True, mmap=mapped).values()
            assert (weight.shape, bias.shape) == ((3, 2), (3,))


def test_every_file_that_a_graph_is_written_to(tmp_path):
    draw((2, 1), out=str(tmp_path))
    files = list(tmp_path.iterdir())
    assert len(files) == 4 + 3 * len(FORMATS) * can_draw()
    assert [path for path in files if not is_ours(path)] == []


@pytest.mark.skipif(not can_draw(), reason="pictures take the extra graph")
def test_a_signed_png_is_a_png(tmp_path):
    image = pytest.importorskip("PIL.Image")
    draw((2, 1), out=str(tmp_path), formats=["png"])
    with image.open(tmp_path / "graph_jax.png") as opened:
        opened.verify()  # the CRC of every chunk
    with image.open(tmp_path / "graph_jax.png") as opened:
        opened.load()
        assert opened.text["Comment"] == SIGN


def archive(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


THEIRS = {
    "numbers": "0.5 0.25\n",
    "a_comment_of_their_own": "# gradients of my network\n0.5 0.25\n",
    "another_report": '{"schema_version": 5, "verdict": "agree"}',
    "a_source": "def gradients(params, x, y):\n    return []\n",
    "flags": "--samples=3\n",
    "a_space": " ",
    "an_archive": archive(w1=np.ones(3), about=np.array("{}")),
    "the_sign_far_from_both_ends": "." * 5000 + SIGN + "." * 5000,
}


@pytest.mark.parametrize("case", THEIRS)
def test_what_others_wrote(tmp_path, case):
    path, content = tmp_path / "file", THEIRS[case]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert not is_ours(path)
    assert why_not_replaced(path) == "was not written by jaxmlp, and is not replaced"


def test_what_else_may_and_may_not_be_replaced(tmp_path, monkeypatch):
    (tmp_path / "empty").touch()
    (tmp_path / ".unfinished").mkdir()
    (tmp_path / ".unfinished" / "process_0_of_1.json").write_text("{}")
    (tmp_path / "link").symlink_to("nowhere")
    names = ("new", "empty", ".unfinished/process_0_of_1.json", ".", "link")
    found = [why_not_replaced(tmp_path / name) for name in names]
    assert found == [None, None, None, "is a folder", "is a link that leads nowhere"]
    assert why_not_replaced(Path("/dev/null")) == "is no regular file"

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert why_not_replaced(tmp_path / "empty") == "cannot be read (Permission denied)"
