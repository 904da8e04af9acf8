"""The mastery grid: learners by competencies (or assessments) as a table anyone can operate."""

from components.grid.model import ANSWERS, SCORES, Band, Column, Row, Wording, grid_table
from components.grid.widget import Selection, mastery_grid

__all__ = [
    "ANSWERS",
    "SCORES",
    "Band",
    "Column",
    "Row",
    "Selection",
    "Wording",
    "grid_table",
    "mastery_grid",
]
