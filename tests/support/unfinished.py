"""Runs that may end early, and what they write."""

from compare import run

FLAGS = ("--layer_sizes=2,3,1", "--samples=9000", "--dumps=npz", "--quiet")
STUCK = """
import time
from compare.resume import journal
journal._EVERY = 0
add = journal.Journal.add
def add_and_wait(self, *arguments):
    add(self, *arguments)
    time.sleep(60)
journal.Journal.add = add_and_wait
"""  # comes before a run that is to save its first block, and to do no more


def compare(out, *flags):
    """Runs the comparison into a folder, and returns its exit status."""
    return run.main(["compare.run", f"--out={out}", *FLAGS, *flags])


def files(out):
    """Returns everything written, the report without the name of its folder."""
    report = (out / "report.json").read_text().replace(str(out), "OUT")
    return report, {path.name: path.read_bytes() for path in sorted(out.glob("*.npz"))}


def state_of(out):
    """Returns the path of the state of the only process."""
    return out / ".unfinished" / "process_0_of_1.json"
