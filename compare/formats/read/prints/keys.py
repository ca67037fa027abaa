"""The keys of a printed tree: 'Dense_0/bias' of {'Dense_0': {'bias': array(...)}}."""

import re

_TOKEN = re.compile(
    r"[{}]|(?:'(?P<a>[^']*)'|\"(?P<b>[^\"]*)\"|(?<![\w./])(?P<c>[A-Za-z_][\w./]*+))\s*:(?!=)"
)


class Keys:
    """The keys within which a place of a print lies."""

    def __init__(self) -> None:
        """Begins outside of all braces."""
        self._outer: list[str] = []
        self._key = ""

    def read(self, text: str) -> None:
        """Goes on over text that holds no numbers."""
        for token in _TOKEN.finditer(text):
            if token[0] == "{":
                self._outer.append(self._key)
                self._key = ""
            elif token[0] == "}":
                self._key = ""
                self._outer = self._outer[:-1]
            else:
                self._key = next(key for key in token.group("a", "b", "c") if key is not None)

    @property
    def name(self) -> str | None:
        """All keys, joined by '/'; None outside of braces."""
        if not self._outer or not self._key:
            return None
        return "/".join(filter(None, (*self._outer, self._key)))
