"""What concerns a whole class: one notice where a third of it struggles with the same thing."""
