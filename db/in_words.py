"""What every error of ours has in common that is written for the person who gets it."""


class InWordsError(Exception):
    """Its message is a sentence that says what is wrong and the way out; it quotes no data."""
