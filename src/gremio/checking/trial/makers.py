"""Which maker makes what a class is tried in."""

from __future__ import annotations

from gremio.checking.trial.blocks import BlocksMaker
from gremio.checking.trial.components import PartMaker
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.options import Options
from gremio.checking.trial.pipelines import Maker

AnyMaker = Maker | PartMaker | BlocksMaker


def maker_of(subject: Subject, options: Options) -> AnyMaker:
    """The one for the class's kind.

    Raises:
        OptionError: the options don't go with that kind.
    """
    if subject.kind == "pipeline":
        return Maker.of(subject, options)
    if subject.kind == "blocks":
        return BlocksMaker.of(subject, options)
    return PartMaker.of(subject, options)
