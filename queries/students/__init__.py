"""Questions about people, answered only to those responsible for them."""
