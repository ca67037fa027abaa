"""What a comparison of functions has found, as a person at a prompt or in a script meets it."""

from compare import function_results


class FunctionReport(function_results.FunctionReport):
    """What was compared, what was found and what follows; nothing in it can be changed."""

    @classmethod
    def of(cls, found: function_results.FunctionReport) -> "FunctionReport":
        """Returns the same findings as a report that can show itself."""
        return cls(**vars(found))

    @property
    def agrees(self) -> bool:
        """Whether the verdict is 'agree'; False for 'disagree' and for 'undecided'."""
        return self.verdict == "agree"
