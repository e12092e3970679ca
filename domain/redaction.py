"""Taking secrets out of what is logged and recorded: by the name of a field, by the look of a value, and known ones."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

HIDDEN = "********"
SECRET_NAME = re.compile(r"passw|secret|token|authorization|cookie|api[_-]?key|private[_-]?key|\bdsn\b", re.IGNORECASE)
SECRET_VALUES = (
    (re.compile(r"(?P<before>://[^\s/:@]*:)[^\s/@]+(?=@)"), rf"\g<before>{HIDDEN}"),
    (re.compile(r"(?P<before>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\g<before>{HIDDEN}"),
    (re.compile(r"\bwr_(?:local|pat|svc)_[\w-]+"), HIDDEN),
    (re.compile(r"(?P<before>[?&](?:token|password|code|key)=)[^&\s]+", re.IGNORECASE), rf"\g<before>{HIDDEN}"),
)
"""What a secret looks like wherever it stands: in URLs, headers and parameters, our own keys. Each begins with a
literal, and none goes over the same characters twice: whoever writes the text must not be able to keep us busy."""

WEB_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]+\.[\w-]+\.[\w-])(?P<before>[\w-]*?)\beyJ[\w-]+\.[\w-]+\.[\w-]+")
"""A JWT. It is looked for only where three words with dots between them begin."""

SUSPICIOUS = re.compile(r"://|[?&]|wr_|eyJ|bearer|basic", re.IGNORECASE)
"""Every text with one of those has some of this: most texts have none, and need not be looked at five times."""

SHORTEST = 6
"""Characters of a secret that can be told from other text; a shorter one would hide half of what it is taken out of."""


def redact_text(text: str) -> str:
    """The text without whatever looks like a secret."""
    if SUSPICIOUS.search(text):
        for pattern, replacement in SECRET_VALUES:
            text = pattern.sub(replacement, text)
        if "eyJ" in text:
            text = WEB_TOKEN.sub(rf"\g<before>{HIDDEN}", text)
    return text


@lru_cache(maxsize=1024)
def is_secret_name(name: str) -> bool:
    """Whether a field of that name holds a secret."""
    return SECRET_NAME.search(name) is not None


class Redactor:
    """Takes out what looks like a secret, and the secrets it was told, in the spellings in which they travel."""

    def __init__(self) -> None:
        self._known: dict[str, None] = {}

    def learn(self, secret: str) -> None:
        """From now on this value is taken out, each of its longer lines as well."""
        values = {value for value in (secret, *secret.splitlines()) if len(value) >= SHORTEST}
        new = {spelling for value in values for spelling in _spellings(value)} - self._known.keys()
        if new:  # put in place whole: other threads may be going through the ones before
            self._known = dict.fromkeys(sorted({*self._known, *new}, key=len, reverse=True))

    def text(self, text: str) -> str:
        """The text without secrets."""
        for known in self._known:
            text = text.replace(known, HIDDEN)
        return redact_text(text)

    def cut(self, text: str, at: int) -> int:
        """The last place up to ``at`` where the text can be cut, more of it being on the way: inside no secret that it
        was told, nor behind the beginning of one."""
        at = min(at, len(text) - self._begun(text))
        place = -1
        while place != at:
            place = at
            for known in self._known:
                start = text.find(known, max(0, at - len(known) + 1), at + len(known) - 1)
                at = start if 0 <= start < at else at
        return at

    def _begun(self, text: str) -> int:
        """How many characters at the end of the text may be the beginning of a secret that it was told."""
        longest = 0
        for known in self._known:
            for size in range(min(len(known) - 1, len(text)), longest, -1):
                if text.endswith(known[:size]):
                    longest = size
                    break
        return longest

    def document(self, value: Any) -> Any:
        """The JSON value without secrets in its texts, the names of its fields included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.document(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.document(part) for part in value]
        return value

    def arguments(self, value: Any) -> Any:
        """The same for what a tool is called with: texts in fields that are named like secrets go as well."""
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): HIDDEN
                if isinstance(part, str) and is_secret_name(str(key))
                else self.arguments(part)
                for key, part in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.arguments(part) for part in value]
        return self.document(value)


def _spellings(secret: str) -> set[str]:
    """The secret as it is, and in URLs, in JSON and in Basic authentication."""
    encoded = b64encode(secret.encode("utf-8", "surrogatepass")).decode()
    quoted = {quote(secret, errors="replace"), quote(secret, safe="", errors="replace")}
    plus = quote_plus(secret, errors="replace")
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, encoded, plus, *quoted, *written}
