"""``python -m gremio``."""

from gremio.cli import main

main()
