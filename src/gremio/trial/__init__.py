"""One trial of one pipeline, in a process of its own: ``python -m gremio.trial REF``.

Nothing is imported here: whoever reads reports (``gremio.trial.report``) must not pay for torch.
"""
