"""Measures Chalkline: its questions beside the raw tables, its pages under load, its refresh."""
