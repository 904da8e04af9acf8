"""Pages about oneself: one's own account, password and signed-in browsers."""
