"""Whether community code runs here: tried with tiny random components, each trial in a process of its own.

In come refs, versions and limits; out come reports, a table of many, the revision that broke something. Torch is
loaded in those processes only.

    tiny      tiny random components of every kind (public as ``gremio.testing``)
    trial     one pipeline, component or blocks, tried in its own process: ``python -m gremio.checking.trial``
    here      many trials (``runner.py``), their table (``table.py``, ``markdown.py``), bisection (``bisect.py``)

Open ``trial/role_values.py`` for what a call is given, ``trial/own_values.py`` for what turns an own argument on,
``trial/recipes.py`` for a pipeline whose needs only its documentation tells, ``trial/findings.py`` for a new property,
``assembly.py`` for the classes of components that a repository brings, ``tiny/shrinking.py`` for how they are made
small, ``tiny/families.py`` for a new kind of model, ``tiny/defaults`` for a new class of component.
"""
