"""What is said of a case whose certificate fails."""

import numpy as np

from compare.evidence.hypotheses.samples import Surroundings
from compare.evidence.hypotheses.search import explain


def explanation_of(case, n_samples=6):
    """Returns the explanation; None if nothing is wrong."""
    rows = np.arange(case.x.shape[-1])
    return explain([case], Surroundings(n_samples, "in_out", case.x, case.y, rows, None))


def causes_of(case, n_samples=6):
    """Returns the causes, none if none is known; None if nothing is wrong."""
    explanation = explanation_of(case, n_samples)
    return explanation and explanation.causes


def said_of(case, n_samples=6):
    """Returns the causes in words: '' if none is known, None if nothing is wrong."""
    causes = causes_of(case, n_samples)
    return None if causes is None else "; ".join(cause.said for cause in causes)
