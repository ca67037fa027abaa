"""What to do where a command is started by a Python that lacks its packages."""

import os
import sys


def not_installed(package: str) -> SystemExit:
    """Makes the end of a command that cannot import a package: one line, and status 1."""
    known = os.path.join(".venv", "bin", "python")
    remedy = "`make run` installs it into .venv"
    if os.path.exists(known):
        remedy = f"it is in .venv: source .venv/bin/activate, or call {known}"
    return SystemExit(f"compare: {package} is not installed for {sys.executable}; {remedy}")
