"""Secrets in what would be uploaded: what is on the Hub has been read by somebody before it is taken back."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from gremio.errors import SecretsFound
from gremio.publishing.publication import Publication, bytes_of
from gremio.publishing.secrets.patterns import Match, assignments, credentials, home_paths

LARGEST_READ = 5 * 1024 * 1024
NOT_A_SECRET = "gremio: not a secret"  # noqa: S105  it says so
"""A line with this in a comment is passed over."""

_NAMED = (
    *(".env", ".env.*", "*.env", ".netrc", "_netrc", ".pypirc", ".npmrc", ".git-credentials", ".htpasswd"),
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore"),
    *("*.kdbx", "credentials", "credentials.*", "client_secret*.json", "service_account*.json", "kaggle.json"),
    *("service-account*.json", "secrets.json", "secrets.toml", "secrets.y*ml", "stored_tokens"),
)
_FOR_SHOW = (".env.example", ".env.sample", ".env.template", "*.example", "*.sample", "*.template", "*.pub", "*.py")
_PROSE = (".md", ".rst", ".html")
_VOCABULARIES = ("vocab", "merges", "tokenizer", "encoder", "bpe")
_MOST_FINDINGS_SHOWN = 20


@dataclass(frozen=True)
class Secret:
    """Something that nobody else should read; ``line`` is 0 where the file as a whole is meant."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.path}, line {self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


def find_secrets(publication: Publication) -> tuple[Secret, ...]:
    """Look into every text file that would be uploaded, in order of path and line.

    Tokens, private keys and literals that are given to keys and passwords are looked for everywhere, paths below a home
    folder in everything but prose. Binary files and those above 5 MiB are judged by their name alone. A tokenizer's
    vocabulary is not read: its words come from what it was trained on, not from the machine of whoever publishes it,
    and any text may be among them. What is a vocabulary is told by its name and its shape together.
    """
    found: list[Secret] = []
    for path in sorted(publication.files):
        if _is_named_as_secret(path):
            found.append(Secret(path, 0, "its name says that it holds a secret"))
        elif publication.size(path) <= LARGEST_READ:
            found += secrets_in(path, bytes_of(publication.files[path]))
    return tuple(found)


def secrets_in(path: str, data: bytes) -> list[Secret]:
    """The secrets in one file's contents, by line."""
    text = _text(data)
    if text is None or _is_vocabulary(path, text):
        return []
    lines, ends = text.split("\n"), [found.start() for found in re.finditer("\n", text)]
    found: dict[int, Secret] = {}
    for start, what in _matches(path, text):
        number = bisect_left(ends, start)
        if NOT_A_SECRET not in lines[number]:
            found.setdefault(number, Secret(path, number + 1, what))
    return [found[number] for number in sorted(found)]


def require_no_secrets(publication: Publication, ref: str = "") -> None:
    """Go on only if nothing was found.

    Raises:
        SecretsFound: it names every file and line, and never shows more of a secret than its first characters.
    """
    found = find_secrets(publication)
    if not found:
        return
    shown = [f"  {secret}" for secret in found[:_MOST_FINDINGS_SHOWN]]
    if len(found) > len(shown):
        shown.append(f"  and {len(found) - len(shown)} more")
    many = f"{len(found)} places" if len(found) > 1 else "one place"
    raise SecretsFound(
        f"nothing was uploaded, since {many} would tell what is yours alone:\n" + "\n".join(shown),
        findings=found,
        ref=ref,
        next_step="Read tokens from the environment, write paths relative or as a repo id, and take such files out of"
        f" the folder.\n  A token that anybody else may have seen has to be revoked. Where a line of code holds none,"
        f' end it with the comment "# {NOT_A_SECRET}".',
    )


def _matches(path: str, text: str) -> Iterator[Match]:
    yield from credentials(text)
    yield from assignments(text, bare=not path.endswith(".py"))
    if not path.endswith(_PROSE):
        yield from home_paths(text)


def _is_named_as_secret(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    is_named, for_show = (any(fnmatchcase(name, each) for each in some) for some in (_NAMED, _FOR_SHOW))
    return (is_named or ".ssh" in PurePosixPath(path).parts) and not for_show


def _text(data: bytes) -> str | None:
    """The text; None where it is binary."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return None if b"\0" in data[:8192] else data.decode("utf-8", "replace")


def _is_vocabulary(path: str, text: str) -> bool:
    name = PurePosixPath(path).name.lower()
    if not any(part in name for part in _VOCABULARIES) or name.endswith(".py"):
        return False
    return _is_table(text) if name.endswith(".json") else _is_word_list(text)


def _is_table(text: str) -> bool:
    """Words with their numbers, or a fast tokenizer with its model."""
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(table, dict):
        return False
    if isinstance(table.get("model"), dict):
        return bool({"vocab", "merges"} & table["model"].keys())
    return bool(table) and all(isinstance(number, int) for number in table.values())


def _is_word_list(text: str) -> bool:
    """A word a line, or two that are merged, or a word and its number; assignments are neither."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#version")]
    return len(lines) >= 8 and all(len(re.split(r"[ \t]", line)) <= 2 for line in lines)
