"""Questions about the district as a whole: how things run, and what has been released."""
