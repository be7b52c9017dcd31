"""Every rule about the JSON of a model, those about JSON as such among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gremio.trust.findings import Severity
from gremio.trust.model_files.documents import DEEPEST, Document
from gremio.trust.model_files.names import NAMES
from gremio.trust.model_files.numbers import NUMBERS
from gremio.trust.model_files.other_repositories import ELSEWHERE
from gremio.trust.model_files.rule import Hit, Rule, Sample
from gremio.trust.model_files.shards import SHARDS


def _flaws(code: str) -> Callable[[Document], Iterable[Hit]]:
    return lambda document: [Hit(flaw.snippet, flaw.what) for flaw in document.flaws if flaw.code == code]


def _about_json(code: str, severity: Severity, why: str, bad: tuple[str, ...], good: tuple[str, ...]) -> Rule:
    benign = "A file that was edited by hand."
    return Rule(code, severity, why, benign, _flaws(code), tuple(map(Sample, bad)), tuple(map(Sample, good)))


_JSON = (
    _about_json("config/broken", "medium", "It can't be loaded.", ("", "{"), ("[]",)),
    _about_json("config/no-object", "high", "Libraries take it for something else, or fail.", ("[]", '"a"'), ("{}",)),
    _about_json(
        "config/deep",
        "high",
        "A file that is so large or deep stops whatever reads it.",
        ('{"a": ' * 100_000, '{"a": ' * (DEEPEST + 1) + "1" + "}" * (DEEPEST + 1)),
        ('{"a": ' * 20 + "1" + "}" * 20,),
    ),
    _about_json(
        "config/repeated-key",
        "high",
        "Readers differ in which of the two counts, so what was read is not what is loaded.",
        ('{"a": {"b": 1, "b": 2}}',),
        ('{"a": {"b": 1}, "b": {"b": 2}}',),
    ),
    _about_json(
        "config/nan",
        "high",
        "It is no JSON, and whatever is computed with it is not a number either.",
        ('{"a": [NaN]}',),
        ('{"a": [-Infinity], "b": "NaN"}',),
    ),
)

RULES: tuple[Rule, ...] = (*_JSON, *NAMES, *ELSEWHERE, *NUMBERS, *SHARDS)
