"""The tour that ``make demo`` gives: a local Hub, a small model, the shelf, and a sheet of pictures."""

from gremio.demo.sheet import contact_sheet
from gremio.demo.tour import Stop, tour

__all__ = ["Stop", "contact_sheet", "tour"]
