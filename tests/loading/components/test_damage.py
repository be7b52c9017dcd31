"""Which files are damaged, and what is wrong with them."""

import struct

import pytest
import torch
from safetensors.torch import save

from gremio.loading.components import damage

GOOD = save({"a": torch.zeros(4), "b": torch.ones(2, 2)})
HEADER = 8 + struct.unpack("<Q", GOOD[:8])[0]

WRONG = {
    "m.safetensors": {
        "": (GOOD, None),
        "it ends within its header": (GOOD[:20], None),
        "its tensors need": (GOOD[:-1], None),
        "its header is not": (GOOD[:8] + b"x" * (HEADER - 8), None),
        "should have 3": (GOOD, 3),
    },
    "config.json": {"": (b"{}", 2), "it is no JSON": (b"{", None)},
    "m.bin": {"": (b"\x80\x02pickled the old way", None), "it is cut short": (b"PK\x03\x04 and no end", None)},
    "merges.txt": {"": (b"anything", None), "should have 9": (b"anything", 9)},
}
ROWS = [(name, *facts, words) for name, rows in WRONG.items() for words, facts in rows.items()]


@pytest.mark.parametrize(("name", "data", "size", "words"), ROWS)
def test_what_is_wrong_with_a_file(tmp_path, name, data, size, words):
    """Each row: a file, its contents, the size it should have, and what is said of it; nothing where it is whole."""
    (tmp_path / name).write_bytes(data)
    found = damage(tmp_path, [name], lambda _: size)
    assert set(found) == ({name} if words else set())
    assert words in found.get(name, "")


def test_a_file_that_is_gone(tmp_path):
    """A link that leads nowhere can't be read."""
    (tmp_path / "config.json").symlink_to(tmp_path / "gone")
    assert "can't be read" in damage(tmp_path, ["config.json"], lambda _: None)["config.json"]
