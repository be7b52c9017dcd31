"""One load of what was published, in its own process: ``python -m gremio.publishing.proof.child``. Imports torch."""
