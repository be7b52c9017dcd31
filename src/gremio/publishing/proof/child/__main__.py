"""``python -m gremio.publishing.proof.child LOADER SUBJECT``: loads once; the last line of stdout tells what there is.

For `gremio publish` and ``push_to_hub``, which start it with an empty cache. SUBJECT is JSON; see ``exchange.py``.
"""

import json
import sys

from gremio.machine.processes import stdout_of_report

if __name__ == "__main__":
    with stdout_of_report() as stdout:
        from gremio.publishing.proof.child.loading import report
        from gremio.publishing.proof.exchange import ProofSubject

        loader, subject = sys.argv[1:]
        stdout.write(f"{report(ProofSubject(**json.loads(subject)), loader).to_json()}\n")  # type: ignore[arg-type]
