"""A catalogue of a few entries, without any sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gremio.catalog import Catalog, Entry, Needed
from gremio.catalog.store import Store, put
from gremio.machine.settings import Settings

DIGEST = "sha256:" + "1" * 64
PAINTER = Entry(
    "painter_sdxl",
    "mirror",
    "painter_sdxl",
    title="Castle Painter",
    description="Paints castles over pictures.",
    authors=("Maria Castaño",),
    tasks=("inpainting", "image-to-image"),
    family="stable-diffusion-xl",
    class_name="CastlePainterPipeline",
    arguments=("prompt", "mask_image"),
    digest=DIGEST,
    findings={"network/download": 2},
)
OTHERS = (
    Entry("walker", "mirror", "walker", description="Walks between prompts.", tasks=("text-to-video",), family="flux"),
    Entry("maria/lost", "hub", "lost", packages=(Needed("no_such_package", "no-such-package"),), licence="mit"),
    Entry("/pipes/mine.py", "local", "mine", description="Over castles, once."),
)


@pytest.fixture
def keep(home) -> Callable[..., Catalog]:
    """``keep(entry, …)``: a catalogue with these, or with the few of this module."""

    def keep(*entries: Entry) -> Catalog:
        settings = Settings.from_environment()
        with Store(settings).writing() as file:
            for entry in entries or (PAINTER, *OTHERS):
                put(file, "tests", entry.ref + entry.revision, "1", entry)
        return Catalog(settings)

    return keep


@pytest.fixture
def older() -> Entry:
    """The same name with other code, of before."""
    return replace(PAINTER, revision="v0.30.0", digest="sha256:" + "2" * 64, current=False)
