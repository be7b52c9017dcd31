"""What a rule about a JSON file is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gremio.trust.findings import Confidence, Finding, Severity
from gremio.trust.model_files.documents import Document


@dataclass(frozen=True)
class Hit:
    """``snippet`` as it stands in the file, and ``what``, which follows the file's name in a sentence."""

    snippet: str
    what: str


@dataclass(frozen=True)
class Sample:
    """A file to try a rule on."""

    text: str
    file: str = "unet/config.json"


@dataclass(frozen=True)
class Rule:
    """``find`` looks through a document; ``bad`` samples must be found and ``good`` ones left alone."""

    code: str
    severity: Severity
    why: str
    benign: str
    find: Callable[[Document], Iterable[Hit]]
    bad: tuple[Sample, ...]
    good: tuple[Sample, ...]
    confidence: Confidence = "high"

    def findings(self, document: Document) -> Iterator[Finding]:
        """What it finds in a document."""
        for hit in self.find(document):
            yield Finding(
                code=self.code,
                severity=self.severity,
                confidence=self.confidence,
                file=document.file,
                line=document.line(hit.snippet),
                snippet=hit.snippet,
                what=hit.what,
                why=self.why,
                benign=self.benign,
            )
