"""Which packages a tree needs, and which of them are missing."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from gremio.code import CodeTree
from gremio.code.libraries.packages import is_installed, is_namespace
from gremio.code.review.closure import closure
from gremio.code.syntax.imports import ImportedName, imports_in
from gremio.code.syntax.layout import Layout, layout_of
from gremio.code.syntax.parsing import parse
from gremio.errors import MissingPackages

PACKAGES = {
    "Crypto": "pycryptodome",
    "IPython": "ipython",
    "OpenGL": "PyOpenGL",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cuda": "cuda-python",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "faiss": "faiss-cpu",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "imwatermark": "invisible-watermark",
    "ligo": "ligo-segments",
    "magic": "python-magic",
    "mpl_toolkits": "matplotlib",
    "open_clip": "open-clip-torch",
    "pkg_resources": "setuptools",
    "pl_bolts": "lightning-bolts",
    "pydensecrf": "pydensecrf2",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "skvideo": "scikit-video",
    "usb": "pyusb",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Import names that differ from the name to install, beyond ``_`` and ``-``."""

NO_PACKAGE = {
    "apex": "build it from github.com/NVIDIA/apex",
    "clip": "install it from github.com/openai/CLIP",
    "detectron2": "install it from github.com/facebookresearch/detectron2",
    "gmflow": "its code is in github.com/haofeixu/gmflow; put that folder beside the pipeline",
    "groundingdino": "install it from github.com/IDEA-Research/GroundingDINO",
    "ldm": "its code is in github.com/CompVis/latent-diffusion",
    "mmcv": "install it with openmim, for the torch that is installed",
    "taming": "install it from github.com/CompVis/taming-transformers",
}
"""Import names that no package index has under a name that can be trusted to be the same thing."""

BROUGHT = frozenset(
    {"PIL", "accelerate", "diffusers", "filelock", "gremio", "httpx", "huggingface_hub", "importlib_metadata", "numpy"}
    | {"packaging", "regex", "requests", "safetensors", "tokenizers", "torch", "tqdm", "transformers", "yaml"}
)
"""Import names that everybody has who runs a pipeline: diffusers, what is installed with it, and their own packages."""


@dataclass(frozen=True)
class Requirement:
    """One top-level name that the code imports and that is neither its own nor Python's.

    ``package`` is what to install, None when no index has it (``note`` then says where it is). ``optional`` means that
    the module runs without: every import of it is in a try, a condition, a function or for type checkers. ``file`` and
    ``line`` are of the first import that counts.
    """

    name: str
    package: str | None
    optional: bool
    installed: bool
    file: str
    line: int
    note: str = ""


def requirements(tree: CodeTree) -> tuple[Requirement, ...]:
    """What the closure of the entry needs, by name. Nothing is imported to find out.

    Raises:
        UnreadableCode: a file of the closure is not Python.
    """
    layout = layout_of(tree)
    found: dict[str, list[tuple[str, ImportedName]]] = {}
    for path in closure(tree):
        for imported in imports_in(parse(tree, path)):
            if _is_foreign(layout, path, imported):
                found.setdefault(imported.top, []).append((path, imported))
    return tuple(_requirement(layout, name, places) for name, places in sorted(found.items()))


def missing(needed: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Those that the code can't run without and that aren't installed."""
    return tuple(item for item in needed if not item.installed and not item.optional)


def require(tree: CodeTree) -> tuple[Requirement, ...]:
    """The requirements, once nothing is missing.

    Raises:
        MissingPackages: something is; the error names all of it.
    """
    needed = requirements(tree)
    lacking = missing(needed)
    if lacking:
        raise complaint(lacking, ref=str(tree.origin))
    return needed


def package_for(name: str) -> str | None:
    """What to install for an import name; None when no index has it."""
    if name in NO_PACKAGE:
        return None
    return PACKAGES.get(name) or name.replace("_", "-")


def complaint(lacking: tuple[Requirement, ...], *, ref: str) -> MissingPackages:
    """The error for packages that are missing, with how each is to be had."""
    packages = [item.package for item in lacking if item.package]
    lines = [f"it imports {item.name} ({item.file}, line {item.line})" for item in lacking]
    notes = [f"{item.name}: {item.note}" for item in lacking if not item.package and item.note]
    steps = [f"pip install {' '.join(packages)}", *notes] if packages else notes
    return MissingPackages(
        f"packages are missing: {'; '.join(lines)}",
        packages=packages or [item.name for item in lacking],
        ref=ref,
        next_step="\n  ".join(steps),
    )


def _is_foreign(layout: Layout, path: str, imported: ImportedName) -> bool:
    if imported.level or imported.top in sys.stdlib_module_names:
        return False
    return layout.target(path, imported) is None


def _requirement(layout: Layout, name: str, places: list[tuple[str, ImportedName]]) -> Requirement:
    hard = [place for place in places if not place[1].guarded]
    path, first = (hard or places)[0]
    here = any((*path.split("/")[:depth], name) in layout.folders for depth in range(path.count("/") + 1))
    note = NO_PACKAGE.get(name, f"the tree has {name}, but no {first.module}" if here else "")
    return Requirement(
        name=name,
        package=None if here else package_for(name),
        optional=not hard,
        installed=_all_there(name, hard or places),
        file=path,
        line=first.line,
        note=note,
    )


def _all_there(name: str, places: list[tuple[str, ImportedName]]) -> bool:
    """Whether the name is installed; of a namespace that distributions share, whether the part that is used is."""
    if not is_namespace(name):
        return is_installed(name)
    used = {imported.module for _, imported in places if imported.module != name}
    used |= {f"{name}.{part}" for _, imported in places if imported.module == name for part in imported.names}
    return all(is_installed(module) for module in used) if used else is_installed(name)
