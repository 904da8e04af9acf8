"""Measures content over a whole district: sections, questions, papers; stores what may be shown."""

from db.content.measuring import Measured, measure

__all__ = ["Measured", "measure"]
