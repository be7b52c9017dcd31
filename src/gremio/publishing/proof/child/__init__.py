"""One load of what was published, in its own process: ``python -m gremio.publishing.proof.child``. Imports torch.

In comes a ``ProofSubject`` as JSON, out comes a ``ProofReport`` (``loading.py``). Open ``by_gremio.py`` or
``by_diffusers.py`` for how one of them loads, ``home.py`` for what lies in the repository.
"""
