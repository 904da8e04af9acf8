"""Components turn plain tables into figures and widgets, whatever the data came from."""
