"""Trees of code by digest, each a folder that is written once and verified on every read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gremio.code import CodeTree, Digest, check_path
from gremio.errors import StoreError
from gremio.machine.writing import build_once, store_errors


class Trees:
    """``home/trees/<digest>/`` holds the files of a tree under their logical paths."""

    def __init__(self, home: Path) -> None:
        self._root = home / "trees"

    def folder(self, digest: Digest) -> Path:
        """Where the files of this tree lie, or would lie."""
        return self._root / digest.hex

    def keep(self, tree: CodeTree) -> Path:
        """Store the tree unless it is there, whole; return its folder.

        A damaged copy is replaced. Raises StoreError when it can't be written.
        """
        folder = self.folder(tree.digest)

        def fill(new: Path) -> None:
            for path, data in tree.files.items():
                target = new / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                with suppress(PermissionError):
                    target.chmod(0o444)

        return build_once(folder, lambda: self._holds(folder, tree), fill)

    def _holds(self, folder: Path, tree: CodeTree) -> bool:
        try:
            return self._read(folder) == dict(tree.files)
        except FileNotFoundError:
            return False

    def files(self, digest: Digest) -> dict[str, bytes] | None:
        """The files of a stored tree, hashed again; None when it isn't stored.

        Raises:
            StoreError: what is stored is not what was stored.
        """
        folder = self.folder(digest)
        with store_errors(folder):
            try:
                files = self._read(folder)
            except FileNotFoundError:
                return None
        if Digest.of_files(files) != digest:
            raise StoreError(
                f"the stored code {digest.short} at {folder} was changed since it was written",
                next_step="Remove that folder; the next load by ref writes it again.",
            )
        return files

    @staticmethod
    def _read(folder: Path) -> dict[str, bytes]:
        if not folder.is_dir():
            raise FileNotFoundError(folder)
        found = {}
        for path in folder.rglob("*"):
            # Bytecode that a debugger or another tool left there is nobody's code: ours is compiled from these files.
            if path.is_file() and "__pycache__" not in path.parts:
                found[check_path(path.relative_to(folder).as_posix())] = path.read_bytes()
        return found
