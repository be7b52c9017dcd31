"""What was approved on this machine and is in no other place: kept by digest, so it can be read without its source."""

from __future__ import annotations

from functools import partial

from gremio.catalog.entry import Entry, Source
from gremio.catalog.places.place import Item, Plan
from gremio.catalog.reading import About, Code, reader, without_code
from gremio.catalog.store import Store
from gremio.code import CodeTree, Origin
from gremio.errors import GremioError
from gremio.machine.settings import Settings
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approval, Approvals

_NAME = "approved"


class ApprovedPlace:
    """Its items are approvals."""

    source: Source = "approved"
    name = _NAME
    title = "what was approved here"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._trees = Trees(settings.home)

    def plan(self, before: str) -> Plan:
        """Those whose code is nowhere else. What that is changes with every other place."""
        elsewhere = self._elsewhere()
        found = [each for each in Approvals(self._settings).all() if str(each.digest) not in elsewhere]
        items = [Item(str(each.digest), f"{each} {reader()}", partial(self._code, each)) for each in found]
        return Plan("", items, len(items))

    def _elsewhere(self) -> set[str]:
        with Store(self._settings).reading() as file:
            if file is None:
                return set()
            rows = file.execute("SELECT DISTINCT digest FROM entries WHERE place != ?", (_NAME,)).fetchall()
        return {digest for (digest,) in rows}

    def _code(self, approval: Approval) -> Code | Entry:
        entry_file = approval.place.rpartition("/")[2]
        name = (approval.ref or str(approval.digest)).rstrip("/").rpartition("/")[2].removesuffix(".py")
        about = About(approval.ref or str(approval.digest), "approved", name)
        try:
            files = self._trees.files(approval.digest)
        except GremioError as error:
            return without_code(about, error.message)
        if not files or not any(path.endswith(".py") for path in files):
            return without_code(about, "its code is not kept here")
        python = [path for path in files if path.endswith(".py")]
        entry = next((path for path in python if path.rpartition("/")[2] == entry_file), python[0])
        # Where it lay is told by the ref; what is read here is the copy that was looked at.
        return Code(CodeTree(files, entry, Origin("local", str(self._trees.folder(approval.digest)))), about)
