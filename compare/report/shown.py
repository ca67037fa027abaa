"""What every report does at a prompt, in a notebook and in a script."""

import abc
import os
from typing import TYPE_CHECKING, Any, NoReturn, Self

from compare.report.saving import save_form


class ShownReport(abc.ABC):
    """A report that shows and saves itself, and refuses to be taken for a truth value."""

    if TYPE_CHECKING:  # of a dataclass that is frozen

        @property
        def verdict(self) -> str:
            """'agree', 'disagree' or 'undecided'."""

    @classmethod
    def of(cls, found: Any) -> Self:
        """Returns the same findings, which are plain data, as a report that can show itself."""
        return cls(**vars(found))

    @property
    def agrees(self) -> bool:
        """Whether the verdict is 'agree'; False for 'disagree' and for 'undecided'."""
        return self.verdict == "agree"

    @abc.abstractmethod
    def to_json(self) -> str:
        """Returns the document that the command writes as report.json."""

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Writes .html, the page; .json, as of `to_json`; or .txt, the first screen.

        The file appears whole or not at all. One that is there is replaced if this project wrote
        it, and never otherwise.

        Raises:
          UsageError: for another suffix, a path that cannot be written, a file of somebody else's,
            or a page that needs a package which is not installed.
        """
        forms = {
            ".html": self._page,
            ".json": lambda _: self.to_json(),
            ".txt": lambda _: f"{self}\n",
        }
        save_form(path, forms)

    @abc.abstractmethod
    def _page(self, where: str) -> str:
        """Returns the whole page; `where` is what asks for it, to be named in errors."""

    @abc.abstractmethod
    def __str__(self) -> str:
        """Returns the first screen, without colours."""

    @abc.abstractmethod
    def __repr__(self) -> str:
        """Returns one line."""

    @abc.abstractmethod
    def _repr_html_(self) -> str:
        """Returns the first part of the page, for a notebook."""

    def __bool__(self) -> NoReturn:
        """Refuses: an `assert report` that always holds would hide a disagreement.

        Raises:
          TypeError: always.
        """
        raise TypeError(
            "a Report is neither true nor false: expected report.agrees, which is False if the "
            "verdict is 'disagree' or 'undecided', or a comparison with report.verdict"
        )
