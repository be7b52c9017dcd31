"""One trial of one pipeline, in a process of its own: ``python -m gremio.checking.trial REF``.

Nothing is imported here: whoever reads reports (``gremio.checking.trial.report``) must not pay for torch.
"""
