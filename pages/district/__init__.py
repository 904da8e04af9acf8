"""Pages about the district as a whole; no learner stands on them."""
