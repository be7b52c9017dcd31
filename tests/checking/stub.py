"""Stands for a trial: does what the code's first line says, and prints a report if that lets it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from gremio.checking.trial.report import Finding, Report
from gremio.code import PipelineRef
from gremio.machine.processes import Trouble
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch

parser = argparse.ArgumentParser()
parser.add_argument("ref")
for _name in ("--custom-revision", "--class-name", "--model", "--seed"):
    parser.add_argument(_name)
parser.add_argument("--loader", default="gremio")
for _name in ("--set", "--trust"):
    parser.add_argument(_name, action="append", default=[])
for _name in ("--quick", "--no-mend", "--trust-remote-code", "--pipelines-only"):
    parser.add_argument(_name, action="store_true")
asked = parser.parse_args()

settings = Settings.from_environment()
ref = PipelineRef.parse(asked.ref)
tree = fetch(ref, revision=asked.custom_revision, access=Access.of(settings), settings=settings)
what, _, argument = tree.files[tree.entry].decode().splitlines()[0].removeprefix("# ").partition(" ")
if os.environ.get("STUB_LOG"):
    with Path(os.environ["STUB_LOG"]).open("a") as log:
        log.write(f"{' '.join(sys.argv[1:])}\n")

report = Report(
    asked.ref, "Painter", str(tree.digest) if asked.loader == "gremio" else "", asked.loader, versions={"torch": "1"}
)
fine = {
    "reached": "done",
    "loads": True,
    "runs": True,
    "output": "images: 1 x 64x64 RGB",
    "output_digest": "ab" * 32,
    "seconds": {"load": 0.5, "call": 0.25},
    "peak_mb": 321.0,
    "arguments": {"prompt": "'a fox'"},
}
if what == "sleeps":
    time.sleep(60)
elif what == "eats":
    kept = bytearray(1024 * 1024 * 1024)
    fine["peak_mb"] = len(kept)
elif what == "crashes":
    os.abort()
elif what == "prints":
    sys.stdout.write("no report\n")
    sys.exit(0)
elif what == "killed":
    os.kill(os.getpid(), 9)

found = report.as_dict()
if what == "fails":
    trouble = Trouble("KeyError", argument or "'x'", "pipeline.py:7", "Pass class_name= or custom_revision='v0.9.0'.")
    found |= {"error": vars(trouble), "reached": "load"}
elif what == "stops":
    found |= {"error": vars(Trouble("TypeError", "no x")), "reached": "call", "loads": True}
elif what == "lacks":
    found |= {"error": vars(Trouble("MissingPackages", "x")), "missing": [argument], "reached": "packages"}
elif what == "nothing":
    found |= {"error": vars(Trouble("NoClass", "no pipeline class"))}
elif what == "refused":
    found |= {"error": vars(Trouble("NotTrusted", "nobody allowed it", hint="pass trust_remote_code=True"))}
elif what == "wants" and asked.loader == "diffusers":
    found |= {"error": vars(Trouble("ImportError", "moved")), "reached": "load"}
else:
    found |= fine
    if what == "random":
        found |= {"output_digest": os.urandom(32).hex(), "findings": {"deterministic": vars(Finding("no"))}}
    elif what == "stock":
        found |= {"findings": {"own_code": vars(Finding("no"))}}
    elif what == "mended":
        found |= {"mends": ["a mend"], "relocations": ["a → b (pipeline.py:1)"], "output_digest": asked.loader}
sys.stdout.write(f"something that a library says\n{Report.from_dict(found).to_json()}\n")
