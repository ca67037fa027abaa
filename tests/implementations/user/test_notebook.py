"""A function in a Jupyter notebook: only what defines something is run."""

import json

import pytest

from compare import UsageError, run
from compare.implementations.user.loading import load_candidate

SIGMOID = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))"
GRADIENTS = """def gradients(params, x, y):
    (w1, b1), (w2, b2) = params
    h = sigmoid(x @ w1 + b1)
    d2 = FACTOR * (h @ w2 + b2 - y)
    d1 = (w2 @ d2) * h * (1 - h)
    return [(np.outer(x, d1), d1), (np.outer(h, d2), d2)]"""


def write(folder, *cells, counts=True, **more):
    """Writes a notebook: code cells, and text where a cell begins with #."""
    path = folder / "mine.ipynb"
    held = [
        {
            "cell_type": "markdown" if text.startswith("#") else "code",
            "execution_count": 10 + i if counts else None,
            "source": text.splitlines(keepends=True),
            "outputs": [],
        }
        for i, text in enumerate(cells)
    ]
    notebook = {"cells": held, "metadata": {}, "nbformat": 4, **more}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def status(path, name="gradients"):
    return run.main(
        [
            "compare.run",
            f"--candidate={path}:{name}",
            f"--out={path.parent}/out",
            "--layer_sizes=2,3,1",
            "--samples=3",
            "--implementations=numpy_manual",
        ]
    )


def test_definitions_are_run_and_nothing_else_is(tmp_path, capsys):
    path = write(
        tmp_path,
        "# My network\n%matplotlib is said here",
        "%matplotlib inline\n!touch ran\nimport numpy as np\nimport os\nnp.random.seed(0)",
        f"%%time\n{SIGMOID}\nprint('RUN')\nFACTOR = np.sqrt(4.0)",
        "%%bash\ntouch ran",
        "x?\nfiles = !touch ran\nW = np.random.rand(3, 3)\ntouched = os.system('touch ran')",
        "raise SystemExit\nfor step in range(10**9):\n    open('ran', 'w')\n    gradients(step)",
        GRADIENTS,
        "data = np.load('no such file.npy')\ngradients(data, 1, 2)\nplt.show()",
    )
    assert status(path) == 0
    assert "RUN" not in capsys.readouterr().out
    assert not list(tmp_path.glob("ran"))


def test_a_wrong_one_is_found(tmp_path):
    path = write(tmp_path, "import numpy as np", SIGMOID, "FACTOR = 1.0", GRADIENTS)
    assert status(path) == 2


CONSTANTS = {
    "literals": "f = 1\na, (b, *c) = 0.5, [1, 2]\nf = lambda *_: (a, b, c)",
    "calls": "import numpy as np\nf = np.sqrt(2)\ng = np.arange(6).reshape(2, 3) * f\n"
    "def f(*_): return g",
    "aliases": "from math import pi, sqrt\na: float = sqrt(pi) ** -2\nf = lambda *_: a",
    "seeds": "import numpy as np\nrng = np.random.default_rng(0)\na = rng.normal(size=3)\n"
    "f = lambda *_: a",
    "comprehensions": "n = 3\na = {i: [i] * n for i in range(n) if i}\nf = lambda *_: a",
    "transforms": "import jax\ndef loss(w): return w * w\nf = jax.jit(jax.grad(loss))",
    "decorators": "import functools\n@functools.cache\ndef f(*_): return 1",
    "classes": "class Net:\n    rate = 0.1\n    @staticmethod\n    def f(*_): return Net.rate\n"
    "f = Net.f",
    "text": "name = f'layer {1 + 1}'\nf = lambda *_: name",
    "string_continued": "a = ('%s'\n% 1)\nf = lambda *_: a",
}


@pytest.mark.parametrize("case", CONSTANTS)
def test_constants_are_there(tmp_path, case):
    assert load_candidate(f"{write(tmp_path, CONSTANTS[case])}:f")(1.0) is not None


# what is not run -> the line that is named
LEFT_OUT = {
    "f = train(3)": None,
    "def make(n): return print\nf = make(3)": "f = make(3)",
    "class Net:\n    def f(self): pass\nnet = Net()\nf = net.f": "f = net.f",
    "import os\nf = os.system('true')": "f = os.system('true')",
    "import numpy as np\nf = np.load('f.npy')": "f = np.load('f.npy')",
    "import numpy as np\nf = np.random.rand(3)": "f = np.random.rand(3)",
    "import jax\ng = jax.grad(lambda w: w)\nf = g(1.0)": "f = g(1.0)",
    "f = 1\nfor f in range(3): pass": "for f in range(3): pass",
    "f = 1\nf += 1": "f += 1",
    "if True:\n    def f(): pass": "if True:",
    "f = !ls": None,
    "with open('f') as f: pass": None,
}


@pytest.mark.parametrize("code", LEFT_OUT)
def test_a_name_made_by_code_that_is_not_run_gets_that_reason(tmp_path, code):
    path = write(tmp_path, "# text", "x = 1", f"{code}")
    line = LEFT_OUT[code] or code
    number = code.splitlines().index(line) + 1
    with pytest.raises(UsageError) as caught:
        load_candidate(f"{path}:f")
    assert str(caught.value) == (
        f"--candidate={path}:f: f is made in In [12], line {number} by `{line}`, which is not run: "
        "of a notebook only imports, definitions and constants are"
    )


def test_a_global_that_is_not_made_gets_that_reason(tmp_path):
    path = write(tmp_path, "import numpy as np", SIGMOID, GRADIENTS, "FACTOR = tune()")
    with pytest.raises(UsageError) as caught:
        status(path)
    first = str(caught.value).partition("\n")[0]
    assert (
        "raised in sample 0: NameError: name 'FACTOR' is not defined: FACTOR is made in " in first
    )
    assert "In [13], line 1 by `FACTOR = tune()`, which is not run" in first
    assert not (tmp_path / "out").exists()


def test_what_raises_is_told_with_the_cell_and_its_line(tmp_path):
    path = write(tmp_path, "import numpy as np", "x = 1\n\ndef f(params, x, y):\n    return x[9]")
    with pytest.raises(UsageError) as caught:
        status(path, "f")
    said = str(caught.value)
    assert "raised in sample 0: IndexError" in said.partition("\n")[0]
    assert 'File "mine.ipynb, In [11]", line 4, in f\n    return x[9]' in said


# what is wrong -> (cells or the text of the file, the sentence)
BAD = {
    "syntax": (["x = 1", "x = 1\ny = = 2"], r"In \[11\], line 2: invalid syntax; expected Python$"),
    "no_count": (["# text", "x = ("], "code cell 1, line 1: .*; expected Python$"),
    "no_name": (["def g(): pass"], "expected a function f in .*mine.ipynb; it has g$"),
    "no_function": (["f = 3"], "expected a function f in .*mine.ipynb, got int; it has none of"),
    "import": (["import no_such_module"], "cannot be imported: ModuleNotFoundError: No module"),
    "class": (["class f(Base): pass"], "cannot be imported: NameError: name 'Base'"),
    "no_json": ("def f(): pass", "expected a Jupyter notebook of format 4, JSON with a list"),
    "other_json": ('{"worksheets": []}', "expected a Jupyter notebook of format 4"),
    "list": ("[1, 2]", "expected a Jupyter notebook of format 4"),
    "bytes": ("\x00\xff", "expected a Jupyter notebook of format 4"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_notebook_is_one_sentence(tmp_path, case):
    cells, words = BAD[case]
    path = write(tmp_path, *cells, counts=case != "no_count") if isinstance(cells, list) else None
    if path is None:
        path = tmp_path / "mine.ipynb"
        path.write_text(cells)
    with pytest.raises(UsageError, match=words) as caught:
        load_candidate(f"{path}:f")
    assert case in ("import", "class") or "\n" not in str(caught.value)


def test_another_language_is_told(tmp_path):
    path = write(tmp_path, "f <- 1", metadata={"kernelspec": {"language": "R"}})
    with pytest.raises(UsageError, match=r"expected a notebook of Python, got one of R$"):
        load_candidate(f"{path}:f")


def test_there_is_no_such_file(tmp_path):
    with pytest.raises(UsageError, match=r"there is no file .*none\.ipynb$"):
        load_candidate(f"{tmp_path}/none.ipynb:f")
