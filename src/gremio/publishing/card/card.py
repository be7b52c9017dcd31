"""The model card: the author's own text and metadata, and a part that says how to use what lies here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from gremio.errors import PublishError
from gremio.publishing.card.metadata import Head, merged, metadata
from gremio.publishing.card.text import section
from gremio.publishing.publication import CARD, Publication

BEGIN = "<!-- gremio:begin: `gremio publish` writes this part anew; everything outside it is yours -->"
END = "<!-- gremio:end -->"
_BEGIN = re.compile(r"<!-- gremio:begin\b[^>]*-->")


def card(
    publication: Publication,
    *,
    repo_id: str,
    existing: str | None = None,
    base_model: str | None = None,
    license: str | None = None,  # noqa: A002  the Hub's own word
    pipeline_tag: str | None = None,
    tags: Sequence[str] = (),
    endpoint: str = "https://huggingface.co",
    tagged: bool = True,
) -> str:
    """Write the card of a publication, or extend the one that is there.

    Our part of the text stands between two comments and is replaced; the rest stays as it is, byte for byte. Metadata
    that is missing is filled in, tags are joined, and what is passed here wins. The same publication and card give the
    same card again.

    Args:
        publication: what is published.
        repo_id: where.
        existing: the card that is there; its text and metadata are kept.
        base_model: what it is made for or of; else where the publication's weights came from.
        license: as the Hub spells it (``apache-2.0``, ``other``); never invented.
        pipeline_tag: the Hub's name of the task; else told from the pipeline's call where that is clear.
        tags: more tags.
        endpoint: the Hub's address, for links.
        tagged: whether the commit will have the publication's tag; a pull request's has not.

    Raises:
        PublishError: the existing card can't be extended without losing something.
    """
    head = Head.of(existing or "", ref=repo_id)
    given = {"base_model": base_model, "license": license, "pipeline_tag": pipeline_tag, "tags": list(tags)}
    yaml = merged(head, metadata(publication, repo_id=repo_id), given, ref=repo_id)
    ours = section(
        publication,
        repo_id=repo_id,
        base_model=base_model or _first(head.data.get("base_model")),
        endpoint=endpoint,
        tag=publication.tag if tagged else "",
    )
    block = f"{BEGIN}\n\n{ours.strip()}\n\n{END}".replace("\n", head.newline)
    text = _with_section(head, block, title=repo_id.rpartition("/")[2], ref=repo_id)
    return f"---{head.newline}{yaml}---{head.newline}{text}"


def _first(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else ""


def _with_section(head: Head, block: str, *, title: str, ref: str) -> str:
    begins = list(_BEGIN.finditer(head.text))
    ends = [match.start() for match in re.finditer(re.escape(END), head.text)]
    if not begins and not ends:
        own = head.text if head.text.strip() else f"{head.newline}# {title}{head.newline}"
        gap = head.newline if own.endswith("\n") else head.newline * 2
        return f"{own}{gap}{block}{head.newline}"
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0].end():
        raise PublishError(
            f"the comments in {CARD} between which our part stands are not one pair any more",
            ref=ref,
            next_step=f"Nothing was changed. Leave one `{BEGIN[:17]} … -->` and one `{END}` below it, or neither.",
        )
    return head.text[: begins[0].start()] + block + head.text[ends[0] + len(END) :]
