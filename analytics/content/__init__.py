"""How well content teaches: outcomes of sections, their comparison, what is worth fixing first."""
