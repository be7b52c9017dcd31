"""How long the catalogue takes to fill and to search, and how large it is, with many made-up entries.

    python benchmarks/catalog.py [--entries 100000] [--folder /path/to/folder-of-community-files]

The entries are made of words that pipelines have, as many as those of Diffusers' community folder have, and nearly
every one has the same few common words: that is what a search takes longest for. Times are those of the processor for
indexing, and medians of the clock for searches.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from gremio.catalog import Catalog, Entry, Needed, Query
from gremio.catalog.reading import About, read_entry
from gremio.catalog.readme import Told, of_folder
from gremio.catalog.results import remember
from gremio.catalog.store import FILE, Store, put
from gremio.code import CodeTree, Origin
from gremio.code.syntax.parsing import no_collection
from gremio.machine.settings import Settings

TASKS = ("text-to-image", "image-to-image", "inpainting", "text-to-video", "upscaling")
FAMILIES = ("stable-diffusion", "stable-diffusion-xl", "flux", "wan", "")
ARGUMENTS = [
    "prompt",
    "negative_prompt",
    "height",
    "width",
    "num_inference_steps",
    "guidance_scale",
    "generator",
    "latents",
]
WORDS = [
    "pipeline",
    "for",
    "text",
    "image",
    "generation",
    "using",
    "stable",
    "diffusion",
    "with",
    "the",
    "model",
    "and",
    "this",
    "custom",
    "guidance",
    "attention",
    "video",
    "mask",
    "latent",
    "prompt",
    "control",
    "depth",
    "edit",
    "style",
    "transfer",
    "long",
    "weighting",
    "tiled",
    "upscale",
    "regional",
    "consistent",
    "subject",
]
FACTS = ("title", "description", "authors", "tasks", "family", "model", "example")
QUERIES = (
    Query("pipeline"),
    Query("stable diffusion"),
    Query("castle"),
    Query("img2img guidance", task="image-to-image"),
    Query("diffusion", family="flux", runs=True),
    Query("c++ sdxl"),
    Query("guid"),
    Query("nothing-at-all like-this"),
    Query(missing_packages=True),
    Query(),
)


def made_up(number: int, chance: random.Random) -> Entry:
    """An entry with a rare word, many common ones, and a vocabulary that grows with the catalogue."""
    rare = f"word{chance.randrange(number + 50)}"
    text = " ".join(chance.choices(WORDS, k=45)) + f" {rare}"
    return Entry(
        f"owner{number % 5000}/pipeline-{number}",
        "hub",
        f"pipeline-{number}",
        title=" ".join(chance.choices(WORDS, k=5)) + (" castle" if number % 997 == 0 else ""),
        description=text,
        authors=(f"Author {number % 5000}",),
        tasks=(chance.choice(TASKS),),
        family=chance.choice(FAMILIES),
        kind="pipeline",
        class_name=f"Custom{number}StableDiffusionPipeline",
        arguments=(*ARGUMENTS, f"own_{number % 700}", f"other_{number % 90}"),
        components=("vae", "text_encoder", "tokenizer", "unet", "scheduler"),
        packages=(Needed(f"package_{number % 300}", f"package-{number % 300}"),) if number % 4 == 0 else (),
        licence="apache-2.0",
        digest=f"sha256:{number:064x}",
        findings={"remote/weights": 2, "files/read": 1},
    )


def fill(settings: Settings, entries: int) -> float:
    """Seconds of the processor to put them in, a thousand a transaction."""
    chance, before = random.Random(0), time.process_time()
    for start in range(0, entries, 1000):
        with Store(settings).writing() as file:
            for number in range(start, min(start + 1000, entries)):
                entry = made_up(number, chance)
                put(file, "hub", entry.ref, "1", entry)
    remember(settings, {f"sha256:{number:064x}": "runs" for number in range(0, entries, 50)})
    return time.process_time() - before


def searched(settings: Settings, query: Query, rounds: int = 9) -> tuple[float, int]:
    """The median of some rounds, in milliseconds, and how many entries come back."""
    catalog, times, found = Catalog(settings), [], 0
    for _ in range(rounds):
        before = time.perf_counter()
        found = len(catalog.find(query).entries)
        times.append(time.perf_counter() - before)
    return statistics.median(times) * 1000, found


def of_folder_of_files(folder: Path) -> str:
    """Seconds of the processor to read files of the community folder, and of how many there is known what."""
    before = time.process_time()
    names = [path.stem for path in folder.glob("*.py")]
    told = of_folder((folder / "README.md").read_text("utf-8"), names)
    entries = []
    with no_collection():
        for name in names:
            tree = CodeTree({f"{name}.py": (folder / f"{name}.py").read_bytes()}, f"{name}.py", Origin("mirror", ""))
            entries.append(read_entry(tree, About(name, "mirror", name, told.get(name, Told()))))
    seconds = time.process_time() - before
    counts = {name: sum(bool(getattr(each, name)) for each in entries) for name in FACTS}
    kinds = Counter(f"{each.example.kind} of {each.example.made_from}" for each in entries if each.example)
    known = ", ".join(f"{name} {number}" for name, number in counts.items())
    return f"{len(entries)} files read in {seconds:.1f} s of the processor; {known}; {dict(kinds)}"


def synced(folder: Path, rounds: int = 3) -> str:
    """Medians of the clock for the command: with a home that is new, one that knows the libraries, nothing to do."""
    times: dict[str, list[float]] = {"first ever": [], "first of this folder": [], "nothing new": []}
    command = [sys.executable, "-m", "gremio", "catalog", "sync", "--folder", str(folder)]
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            for each in times.values():
                before = time.perf_counter()
                subprocess.run(command, env={**os.environ, "GREMIO_HOME": home}, stdout=subprocess.PIPE, check=True)
                each.append(time.perf_counter() - before)
                if each is times["first ever"]:
                    Path(home, FILE).unlink()
    told = (f"{name} {statistics.median(each):.2f} s" for name, each in times.items())
    return f"gremio catalog sync: {', '.join(told)}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.folder:
        print(of_folder_of_files(options.folder))
        print(synced(options.folder))
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(Path(home), Path(home), "http://127.0.0.1:1", offline=True)
        seconds = fill(settings, options.entries)
        size = (settings.home / FILE).stat().st_size
        print(f"{options.entries} entries: put in in {seconds:.1f} s of the processor, {size / 1e6:.0f} MB")
        for query in QUERIES:
            milliseconds, found = searched(settings, query)
            told = {name: value for name, value in vars(query).items() if value and name != "limit"}
            print(f"  {milliseconds:7.1f} ms  {found:3} of  {told}")


if __name__ == "__main__":
    main()
