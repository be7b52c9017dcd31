"""A form from any signature, as data: which argument of a call gets which control, and what a filled form means.

In comes a ``CallSignature``; out comes a ``Form`` of ``Control`` values, and from what a person put into them the
options of ``gremio run``, which checks them as it checks what is typed. Nothing here knows of a page.

Open ``kinds.py`` for which control fits, ``limits.py`` for how ranges and choices are read from a docstring,
``filling.py`` for what a control's value becomes.
"""

from gremio.running.form.control import Control, Kind, LeftOut
from gremio.running.form.filling import Filled, fill
from gremio.running.form.form import Form

__all__ = ["Control", "Filled", "Form", "Kind", "LeftOut", "fill"]
