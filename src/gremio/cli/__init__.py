"""The command ``gremio``: parses, calls, prints, and turns errors into exit codes. Only this package prints."""

from gremio.cli.main import main

__all__ = ["main"]
