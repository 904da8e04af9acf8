"""Each function asks one question, within the viewer's own rows, and is named for its answer."""
