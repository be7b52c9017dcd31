"""The packages that an error says are lacking."""

from __future__ import annotations

from gremio.errors import CodeFailed, MissingPackages


def missing_packages(error: BaseException) -> tuple[str, ...]:
    """The packages to install for an error that says so, or that is Python's own for a module that isn't there."""
    if isinstance(error, MissingPackages):
        return error.packages
    if isinstance(error, CodeFailed) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ModuleNotFoundError) and error.name:
        from gremio.code.libraries.packages import is_installed
        from gremio.code.review.requirements import package_for

        top = error.name.partition(".")[0]
        return () if is_installed(top) else (package_for(top) or top,)
    return ()
