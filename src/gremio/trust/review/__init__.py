"""A review: what code is and needs, and what it and the files beside it would be able to do. Reads, never runs.

In comes a ref; out comes a ``CapabilityReview``. It tells capabilities, and is no proof that code is safe.

Open ``capabilities.py`` for what a review holds, ``packages.py`` for what is told of what it imports, ``changes.py``
for two reviews compared, ``sarif.py`` for the form that code hosts read.
"""

from gremio.trust.review.capabilities import NOTE, CapabilityReview, review
from gremio.trust.review.changes import Changes, changes

__all__ = ["NOTE", "CapabilityReview", "Changes", "changes", "review"]
