"""Drawing, in a process of its own: a pipeline that hangs or crashes takes no page along, and no page waits for torch.

In comes an ``Order`` as data; out come events while it is drawn, then files with what made them written inside.

    order.py      what to draw, and what is told meanwhile
    artist.py     who draws: a process with the rights of this one, or a sandbox
    worker        that process: ``python -m gremio.studio.drawing.worker``

Open ``worker/steps.py`` for how a call is watched and stopped, ``worker/models.py`` for what stays loaded.
"""
