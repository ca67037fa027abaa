"""What a comparison imports. `tests.support.forks` forks a process that has imported this.

Nothing here may start a backend of JAX, or a thread: neither outlives a fork.
"""

import gc

import torch  # noqa: F401

import compare.api
import compare.files
import compare.implementations.jax
import compare.implementations.torch
import compare.implementations.user.brought
import compare.options.command_line
import compare.options.exit_status
import compare.pipeline.compare
import compare.pipeline.conclusion
import compare.report.json.write
import compare.report.outputs
import compare.report.reckoning
import compare.report.text.report
import compare.resume.journal
import compare.resume.processes  # noqa: F401
from tests.support import forked  # noqa: F401

gc.collect()
gc.freeze()  # or a collection in a fork would copy all pages of memory
