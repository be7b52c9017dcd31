"""Calling a pipeline, and what comes out of the call.

    calls      from what a person typed to the keyword arguments of a pipeline's own ``__call__``
    form       from a call's signature to a form as data, and from a filled form to options
    outputs    from what a pipeline returned to files, with what made them written inside

Open ``calls/standard.py`` for an option that every run has, ``calls/annotation.py`` for how a parameter's type is read,
``calls/coercion.py`` for how a value is made of text; ``outputs/collect.py`` for a new kind of output and
``outputs/formats.py`` for a new kind of file.
"""
