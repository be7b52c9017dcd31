"""Modules of Python that pipelines don't use, and of which the other rules say nothing."""

from __future__ import annotations

import sys

from gremio.trust.findings.finding import Severity
from gremio.trust.findings.reading.use import Use
from gremio.trust.findings.rules.rule import Rule

KNOWN = frozenset((
    "__future__", "abc", "argparse", "array", "ast", "asyncio", "atexit", "base64", "binascii", "bisect", "builtins",
    "bz2", "calendar", "cmath", "codecs", "collections", "colorsys", "concurrent", "configparser", "contextlib",
    "contextvars", "copy", "csv", "ctypes", "dataclasses", "datetime", "decimal", "difflib", "enum", "errno", "filecmp",
    "fnmatch", "fractions", "ftplib", "functools", "gc", "getopt", "getpass", "gettext", "glob", "graphlib", "gzip",
    "hashlib", "heapq", "hmac", "html", "http", "imaplib", "importlib", "inspect", "io", "itertools", "json", "keyword",
    "linecache", "locale", "logging", "lzma", "marshal", "math", "mimetypes", "mmap", "multiprocessing", "netrc",
    "numbers", "operator", "os", "pathlib", "pickle", "pickletools", "pkgutil", "platform", "poplib", "posixpath",
    "pprint", "pty", "pwd", "grp", "queue", "random", "re", "reprlib", "resource", "runpy", "secrets", "select",
    "selectors", "shelve", "shlex", "shutil", "signal", "site", "smtplib", "socket", "socketserver", "sqlite3",
    "sre_compile", "sre_parse", "ssl", "stat", "statistics", "string", "struct", "subprocess", "sys", "sysconfig",
    "tarfile", "telnetlib", "tempfile", "textwrap", "threading", "time", "timeit", "token", "tokenize", "tomllib",
    "traceback", "types", "typing", "unicodedata", "unittest", "urllib", "uuid", "warnings", "wave", "weakref",
    "webbrowser", "xml", "xmlrpc", "zipfile", "zipimport", "zlib", "zoneinfo", "copyreg", "cProfile", "profile", "code",
    "codeop", "imp", "nntplib", "dbm", "fileinput", "faulthandler", "readline", "sched", "commands", "pdb", "bdb",
    "trace", "doctest", "opcode", "rlcompleter", "pydoc", "encodings",
))  # fmt: skip
"""Those that are harmless, or that other rules read."""


class ImportsUnlisted(Rule):
    """A module that is on no list."""

    code = "module/unlisted"
    severity = "medium"
    names = tuple(sorted(name for name in sys.stdlib_module_names - KNOWN if not name.startswith("_")))
    what = "imports {name}, a module of Python that pipelines don't use"
    why = "This review knows nothing of what can be done with it."
    benign = "Something unusual and honest; look at where it is used."
    bad = ("import cgi\n" if sys.version_info < (3, 13) else "import curses\n", "import turtle\n")
    good = ("import math, json, re, os\n", "import torch, numpy\n")

    def judge(self, use: Use) -> Severity | None:
        """The import is what is told; of some it is enough."""
        if use.kind != "import":
            return None
        return "high" if use.name in ("antigravity", "idlelib", "ensurepip", "turtledemo") else self.severity


class ImportsPrivate(Rule):
    """The private halves of Python's modules."""

    code = "module/private"
    severity = "high"
    names = tuple(
        name for each in sorted(sys.stdlib_module_names) if each.startswith("_") and each != "__future__"
        for name in (each, f"{each}.*")
    )  # fmt: skip
    what = "uses {name}, a private module of Python"
    why = "It does what the public module does, under a name that is looked for less."
    benign = "None in a pipeline."
    bad = ("import _io\n", "from _thread import start_new_thread\n")
    good = ("from __future__ import annotations\n", "import io\n")


RULES: tuple[Rule, ...] = (ImportsUnlisted(), ImportsPrivate())
