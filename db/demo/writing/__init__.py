"""Writes a made district into the database, parents before children."""
