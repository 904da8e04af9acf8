"""The commands of manage.py, a module a subject."""
