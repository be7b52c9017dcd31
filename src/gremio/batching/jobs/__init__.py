"""From a jobs file, or a folder of pictures, to rows: what each call is given, as it was written."""

from gremio.batching.jobs.grid import Axis, crossed, parse_axes
from gremio.batching.jobs.reading import read_jobs
from gremio.batching.jobs.row import Jobs, Problem, Row

__all__ = ["Axis", "Jobs", "Problem", "Row", "crossed", "parse_axes", "read_jobs"]
