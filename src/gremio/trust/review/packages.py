"""The packages that code imports: which version is installed here, under which licence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata

from gremio.code.review import Requirement

_LONGEST = 60  # characters; some packages put the whole text of their licence there


@dataclass(frozen=True)
class Package:
    """``name`` as it is imported, ``package`` as it is installed; version and licence are empty where none is here."""

    name: str
    package: str
    version: str
    licence: str
    installed: bool
    optional: bool
    note: str


def packages(requirements: Iterable[Requirement]) -> tuple[Package, ...]:
    """What is known here of the packages that code imports. None of them is imported."""
    return tuple(_package(each) for each in requirements)


def _package(needed: Requirement) -> Package:
    known = _metadata(needed.package or needed.name) if needed.installed else {}
    return Package(
        name=needed.name,
        package=needed.package or "",
        version=str(known.get("version", "")),
        licence=_licence(known),
        installed=needed.installed,
        optional=needed.optional,
        note=needed.note,
    )


def _metadata(distribution: str) -> dict[str, str | list[str]]:
    try:
        return metadata(distribution).json
    except (PackageNotFoundError, ValueError):
        return {}


def _licence(known: dict[str, str | list[str]]) -> str:
    """The expression, else the classifier, else the first line of the field, if it is short enough to be a name."""
    classifiers = [each.rpartition(" :: ")[2] for each in known.get("classifier", ()) if each.startswith("License ::")]
    options = [known.get("license_expression", ""), *classifiers, known.get("license", "")]
    lines = [str(option).strip().partition("\n")[0] for option in options]
    return next((line for line in lines if line and len(line) <= _LONGEST), "")
