"""The code of a pipeline together with that of its components, as far as the repository tells which they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.checking.config_files import configured
from gremio.code import CodeTree
from gremio.code.review.classes import ClassReader
from gremio.code.review.component_classes import ComponentClass, component_classes, find_class
from gremio.code.review.signatures import ComponentSlot, SignatureReader
from gremio.errors import OptionError
from gremio.sources.local import around, repository_of


@dataclass(frozen=True)
class Assembly:
    """A tree that has the classes of all components, the slots, and the class for each of which one is known.

    ``slots`` are those of the constructor, and what else it is handed somewhere.
    """

    tree: CodeTree
    slots: tuple[ComponentSlot, ...]
    classes: Mapping[str, ComponentClass]


def assembled(tree: CodeTree, class_name: str, named: Mapping[str, str] | None = None) -> Assembly:
    """Find the classes of components that a pipeline's constructor does not name; ``named`` are told by the caller.

    Raises:
        OptionError: ``named`` has a slot or a class that there is none of.
    """
    repository = repository_of(tree)
    signatures = SignatureReader(ClassReader(repository))
    slots = {slot.name: slot for slot in signatures.components(class_name)}
    spare = {slot.name: slot for slot in _spare(signatures, class_name) if slot.name not in slots}
    seen = component_classes(repository, class_name, [*slots, *spare])
    known = {name: meant for name, slot in slots.items() if (meant := _meant(signatures, slot, seen.get(name)))}
    known |= {name: each for name, each in seen.items() if name in spare and each.handed}
    for name, text in (named or {}).items():
        known[name] = _named(repository, name, text, [*slots, *spare])
    known = {name: _configured(signatures, each) for name, each in known.items()}
    if repository is not tree:
        top = Path(repository.origin.repo)
        tree = _with(tree, {top / each.path for each in known.values() if each.path})
        known = {name: _rebased(each, top, Path(tree.origin.repo)) for name, each in known.items()}
    filled = (_filled(each, known) for each in (slots | spare).values() if each.name in {*slots, *known})
    return Assembly(tree, tuple(filled), known)


def _spare(signatures: SignatureReader, class_name: str) -> list[ComponentSlot]:
    """What the constructor takes and can do without; some of it is components all the same."""
    parameters = signatures.signature(class_name, "__init__")
    return [ComponentSlot(each.name, (), optional=True) for each in parameters if each.default == "None"]


def _filled(slot: ComponentSlot, known: Mapping[str, ComponentClass]) -> ComponentSlot:
    return replace(slot, types=(known[slot.name].absolute,)) if slot.name in known else slot


def _meant(signatures: SignatureReader, slot: ComponentSlot, seen: ComponentClass | None) -> ComponentClass | None:
    """The class of the tree that the constructor asks for or is handed; else any that it is handed and need not be."""
    asked = next(filter(None, map(signatures.classes.located, slot.types)), None)
    if asked is not None and (seen is None or (seen.path, seen.name) != asked):
        return ComponentClass(asked[1], asked[0], "")
    if seen is not None and (not slot.types or asked is not None or (seen.handed and (seen.path or slot.optional))):
        return seen
    return None


def _configured(signatures: SignatureReader, found: ComponentClass) -> ComponentClass:
    """The same with the arguments that the repository's config files have for a class of its own."""
    origin = signatures.classes.tree.origin
    if origin.source != "local" or not found.path:
        return found
    names = frozenset(each.name for each in signatures.signature(found.absolute, "__init__"))
    settings: Mapping[Any, Any] = configured(Path(origin.repo), names)
    return replace(found, arguments={**settings, **found.arguments})


def _named(tree: CodeTree, slot: str, text: str, slots: Collection[str]) -> ComponentClass:
    if slot not in slots:
        step = f"The class takes: {', '.join(slots) or 'none'}."
        raise OptionError(f"there is no component {slot!r}", ref=str(tree.origin), next_step=step)
    return find_class(tree, text)


def _with(tree: CodeTree, files: Set[Path]) -> CodeTree:
    """A local tree that has these files too, with what they reach."""
    root = Path(tree.origin.repo)
    own = {root / path for path in tree.python_files}
    if files <= own:
        return tree
    return replace(around(root / tree.entry, beside=sorted(own | files)), meant=tree.meant)


def _rebased(found: ComponentClass, old: Path, new: Path) -> ComponentClass:
    return replace(found, path=(old / found.path).relative_to(new).as_posix()) if found.path else found
