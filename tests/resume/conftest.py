"""A run that gets through, and runs that are stopped."""

import pytest

from compare.resume import journal
from tests.support.unfinished import compare, files


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """What a run writes that gets through."""
    out = tmp_path_factory.mktemp("whole")
    assert compare(out) == 0
    assert not (out / ".unfinished").exists()
    return files(out)


@pytest.fixture
def save_always(monkeypatch):
    """Lets runs save their state after every block."""
    monkeypatch.setattr(journal, "_EVERY", 0)


@pytest.fixture
def stop(monkeypatch, save_always):
    """Runs a comparison that is interrupted after so many blocks, and returns what it says."""

    def run(out, *flags, blocks=1):
        add, seen = journal.Journal.add, []

        def counted(self, *arguments):
            add(self, *arguments)
            seen.append(1)
            if len(seen) == blocks:
                raise KeyboardInterrupt

        with monkeypatch.context() as changed:
            changed.setattr(journal.Journal, "add", counted)
            with pytest.raises(KeyboardInterrupt) as caught:
                compare(out, *flags)
        return str(caught.value)

    return run
