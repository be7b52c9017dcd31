"""What code is: named, digested, read, related to what is installed. Nothing here executes any of it.

In comes a ref, as a person writes it, or a ``CodeTree``, the bytes of all files that could execute; out come the
``Review`` of what the code is and needs, and syntax trees that run where they lie and on the libraries that are
installed.

    ref, tree, digest, difference     what is named, and its identity
    syntax                            one file: parsed, its imports, which module each file is
    libraries                         what is installed, read and never imported: exports, classes, where names live now
    mends                             one incompatibility each, and its repair
    review                            a whole tree: classes, signatures, requirements, closure, relocations

Open ``mends`` for code that breaks on a new library; ``libraries/moved_names.py`` for a name that was renamed;
``review/requirements.py`` for a package whose import name differs; ``review/signatures.py`` for what a call is read
to take.
"""

from gremio.code.difference import Difference
from gremio.code.digest import Digest
from gremio.code.ref import PipelineRef
from gremio.code.tree import CodeTree, Origin, check_path

__all__ = ["CodeTree", "Difference", "Digest", "Origin", "PipelineRef", "check_path"]
