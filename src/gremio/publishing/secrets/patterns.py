"""What secrets look like: tokens of known shapes, keys, long random literals, and paths below somebody's home."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_SHOWN = 6
# Base64 of pictures and the like runs on before and after; a token stands by itself.
_ALONE = r"(?<![A-Za-z0-9+/=_-])"
_END = r"(?![A-Za-z0-9+/=_-])"

_TOKENS = {
    "a Hugging Face token": r"(?:hf|api_org)_[A-Za-z0-9]{30,}",
    "a GitHub token": r"gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,}",
    "a GitLab token": r"gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_.-]{20,}",
    "an Anthropic or OpenAI key": r"sk-(?:ant-|proj-|svcacct-|admin-|or-)?[A-Za-z0-9_-]{32,}",
    "an AWS access key": r"(?:AKIA|ASIA)[A-Z2-7]{16}",
    "a Google key": r"AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{28}|ya29\.[A-Za-z0-9_-]{30,}",
    "a Slack token": r"xox[abposr]-[0-9]+-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{20,}",
    "a PyPI token": r"pypi-AgE[A-Za-z0-9_-]{50,}",
    "an npm token": r"npm_[A-Za-z0-9]{36}",
    "a Replicate token": r"r8_[A-Za-z0-9]{37}",
    "a Weights & Biases key": r"wandb_v1_[A-Za-z0-9_]{40,}",
    "a Groq or xAI key": r"gsk_[A-Za-z0-9]{48,}|xai-[A-Za-z0-9]{60,}",
    "a Stripe key": r"[sr]k_live_[A-Za-z0-9]{20,}",
    "a SendGrid key": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "a JSON web token": r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{20,}",
}
_TOKEN = re.compile(_ALONE + "(?:" + "|".join(f"({shape})" for shape in _TOKENS.values()) + ")" + _END)
_TOKEN_NAMES = tuple(_TOKENS)

_ADDRESSES = {
    "a webhook's address": re.compile(
        r"(https://hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{16,}"
        r"|https://discord(?:app)?\.com/api/webhooks/\d{10,}/[\w-]{40,})"
    ),
    "a Civitai token in an address": re.compile(r"civitai\.com/[^\s\"']*[?&]token=([0-9a-f]{32})\b"),
    "a password in an address": re.compile(r"\b[a-z][a-z0-9+]*://[\w.-]*:([^\s/@:\"'<>{}$%*]{8,})@[\w-]+"),
}
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|[\s\"'#>|]){0,80}"
    r"(?:[\w-]{1,40}: [^\n]{0,200}\n){0,8}(?:\\[nr]|[\s\"'#>|]){0,80}[A-Za-z0-9+/=]{32}"
)

_KEYISH = (
    r"(?:api[_-]?key|secret(?:[_-]?(?:access)?[_-]?key)?|access[_-]?key|private[_-]?key|client[_-]?secret"
    r"|(?:api|auth|access|bearer|refresh|hub|hf|huggingface)[_-]?token|token|passw(?:or)?d|passphrase|pwd)"
)
# Each begins with a word, and the rest of the name is read backwards from there: so a file of any size takes no time.
_QUOTED = re.compile(
    _KEYISH + r"(?P<close>[\"']?)\]?(?:\s{0,4}:\s{0,4}[\w\[\]|.]{1,40})?\s{0,20}(?P<sign>=>|[=:,])\s{0,40}"
    r"[rbu]?[\"'](?P<value>[^\"'\s]{12,160})[\"']",
    re.IGNORECASE,
)
_BARE = re.compile(
    _KEYISH + r"(?P<close>)[ \t]{0,20}(?P<sign>[:=])[ \t]{0,20}(?P<value>[^\"'\s#]{12,160})[ \t]{0,20}(?:#[^\n]*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_NAME_BEFORE = re.compile(r"[\w.-]*$")
_CALL_BEFORE = re.compile(r"\(\s*[\"']$")
_LINE_BEFORE = re.compile(r"(?:^|\n)[ \t]*(?:(?:export|set|-)[ \t]+)?$")
_PASSWORD = re.compile(r"(?:passw(?:or)?d|passphrase|pwd)$", re.IGNORECASE)
_PLAIN_TOKEN = re.compile(r"(?:^|[._-])token$", re.IGNORECASE)
_OF_A_FILE = re.compile(r"hash|digest|sha\d|md5|checksum|commit|revision|cache|public|etag", re.IGNORECASE)
_HEX = re.compile(r"(?:sha\d+[:-])?[0-9a-f]{32,128}", re.IGNORECASE)
_RANDOM = re.compile(r"[A-Za-z0-9+/=_.~-]{20,}")
_BLANK = re.compile(
    r"x{4}|\*{3}|\.{3}|…|your|example|placeholder|change[_-]?me|replace|insert|dummy|redacted|abcdef|123456789|<|\{|\$|%",
    re.IGNORECASE,
)

_HOME = re.compile(
    r"(?:(?<![\w.:/~}$>-])|(?<=file://))"
    r"(?P<path>/(?:mnt/[a-z]/Users|home|Users)/(?P<unix>[^/\s\"'`\\<>(){}$%:,;*]+)(?=[/\"'])"
    r"|/root(?=/[\w.])"
    r"|[A-Za-z]:(?:\\\\|\\|/)Users(?:\\\\|\\|/)(?P<windows>[^\\/\s\"'`<>(){}$%:,;*]+)(?=[\\/\"']))"
)
_NOBODY = {"user", "username", "you", "yourname", "your_name", "your-name", "your_username", "shared", "public", "xxx"}


Match = tuple[int, str]
"""Where something begins in a text, in characters, and what it is, in words."""


def credentials(text: str) -> Iterator[Match]:
    """Tokens of known shapes, private keys, and addresses with a password in them."""
    for found in _TOKEN.finditer(text):
        secret = found.group()
        body = re.sub(r"^[A-Za-z0-9]+[_-]", "", secret)
        if not _is_blank(secret) and _is_mixed(body):
            yield found.start(), f"{_TOKEN_NAMES[(found.lastindex or 1) - 1]} ({_start_of(secret)})"
    for what, shape in _ADDRESSES.items():
        for found in shape.finditer(text):
            if not _is_blank(found.group(1)) and len(set(found.group(1))) > 4:
                yield found.start(1), what
    for found in _PRIVATE_KEY.finditer(text):
        yield found.start(), "a private key"


def assignments(text: str, *, bare: bool) -> Iterator[Match]:
    """Long random literals that are given to a password or a key; ``bare`` reads values without quotes too."""
    for pattern in (_QUOTED, _BARE) if bare else (_QUOTED,):
        for found in pattern.finditer(text):
            name, value = _name(text, found), found["value"]
            if name and _is_secret(name, value):
                yield found.start("value"), f"{name} is given a literal ({_start_of(value)})"


def home_paths(text: str) -> Iterator[Match]:
    """Absolute paths below a home folder."""
    for found in _HOME.finditer(text):
        owner = found["unix"] or found["windows"] or "root"
        if owner.lower() not in _NOBODY and not owner.lower().startswith("your"):
            yield found.start(), f"a path on your machine ({found['path']}…)"


def _name(text: str, found: re.Match[str]) -> str:
    """The whole name that the value is given to; empty where it is given to none."""
    before = text[max(0, found.start() - 80) : found.start()]
    first = _NAME_BEFORE.search(before)
    before = before[: first.start()] if first else before
    if found.re is _BARE and not _LINE_BEFORE.search(before):
        return ""
    if found["sign"] == "," and not (found["close"] and _CALL_BEFORE.search(before)):
        return ""
    return (first.group() if first else "") + re.split(r"[^\w-]", found.group(), maxsplit=1)[0]


def _is_secret(name: str, value: str) -> bool:
    if _is_blank(value) or _OF_A_FILE.search(name) or len(set(value)) < 8:
        return False
    if _PASSWORD.search(name):
        return _classes(value) >= 3 and not re.search(r"[()\[\]]", value)
    if _HEX.fullmatch(value):
        # An identifier of content looks the same; only a name that can mean nothing else decides.
        return not _PLAIN_TOKEN.search(name) and not value.lower().startswith("sha")
    return bool(_RANDOM.fullmatch(value)) and "://" not in value and _is_mixed(value)


def _is_mixed(text: str) -> bool:
    """Whether letters and digits alternate as they do by chance, and not as in words that end with a number."""
    plain = re.sub(r"[^A-Za-z0-9]", "", text)
    kinds = ["0" if c.isdigit() else "A" if c.isupper() else "a" for c in plain]
    changes = sum(a != b for a, b in pairwise(kinds))
    return kinds.count("0") >= 2 and len(set(plain)) >= 8 and changes >= max(5, len(plain) // 5)


def _is_blank(value: str) -> bool:
    """Whether a value only stands for one: `hf_xxx`, `YOUR_TOKEN`."""
    return bool(_BLANK.search(value))


def _classes(value: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return sum(any(test(c) for c in value) for test in tests)


def _start_of(secret: str) -> str:
    return f"{secret[: min(_SHOWN, len(secret) // 4)]}…"
