"""Works out how each cohort of a district learns, and stores what may be said about it."""

from db.patterns.analysing import Analysed, analyse

__all__ = ["Analysed", "analyse"]
