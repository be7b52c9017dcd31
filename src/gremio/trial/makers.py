"""Which maker makes what a class is tried in."""

from __future__ import annotations

from gremio.trial.blocks import BlocksMaker
from gremio.trial.making import Maker
from gremio.trial.options import Options
from gremio.trial.parts import PartMaker
from gremio.trial.subject import Subject

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
