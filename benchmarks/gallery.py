"""The pictures in docs/images, of two runs: `python -m benchmarks.gallery`.

One run agrees; in the other takes part the backward.py of docs/student.md, wrong in one layer.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
_BACKWARD = re.compile(r"`backward\.py`:\s*```python\n(.*?)```", re.DOTALL)

# file in docs/images -> run and figure
PICTURES = {
    "agree.svg": ("agree", "certificate_c_torch_autograd.svg"),
    "disagree.svg": ("disagree", "certificate_d_gradients.svg"),
    **{
        f"{run}_{figure}.svg": (run, f"{figure}.svg")
        for run in ("agree", "disagree")
        for figure in (
            *("heatmap_layer_1", "heatmap_layer_2", "histogram_ulp"),
            *("error_by_sample", "error_by_size"),
        )
    },
}


def main() -> None:
    """Runs, and puts the pictures in their place."""
    found = _BACKWARD.search((ROOT / "docs" / "student.md").read_text(encoding="utf-8"))
    assert found is not None, "docs/student.md has no backward.py"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "backward.py").write_text(found[1], encoding="utf-8")
        _run(folder / "agree", status=0)
        _run(folder / "disagree", "--candidate=backward.py:gradients", status=2)
        IMAGES.mkdir(parents=True, exist_ok=True)
        for picture, (run, figure) in PICTURES.items():
            shutil.copyfile(folder / run / figure, IMAGES / picture)


def _run(folder: Path, *flags: str, status: int) -> None:
    words = [sys.executable, "-m", "compare.run", "--quiet", "--dumps=none", *flags]
    places = [f"--out={folder}", f"--plots={folder}"]
    done = subprocess.run(
        [*words, *places],
        cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != status:
        raise RuntimeError(f"expected status {status}, got {done.returncode}: {done.stderr}")


if __name__ == "__main__":
    main()
