"""The knowledge model of a district: fitted, kept version by version, and carried on by refresh."""
