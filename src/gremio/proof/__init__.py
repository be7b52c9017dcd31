"""One load of what was published, in a process of its own: ``python -m gremio.proof``. Imports torch."""
