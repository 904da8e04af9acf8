"""The error of a setting that can not be used, apart so that whoever checks one can raise it."""

from db.in_words import InWordsError


class SettingsError(InWordsError, ValueError):
    """A setting that can not be used; the message names the variable and what it should hold."""
