"""Pages that show people to those responsible for them."""
