"""A word-sized chart of weekly values, as a picture within a line of Markdown."""

from collections.abc import Sequence
from urllib.parse import quote

from components.show import plain

# Both stand out from the light ground and the dark one by more than 3 to 1.
_BAR = "#888"
_LAST = "#3a8f62"


def sparkline(values: Sequence[float], *, alt: str) -> str:
    """Markdown of a bar a value, oldest first and the last one in the accent; `alt` says it.

    It is part of a sentence and not an element of its own, since lists are long.

    >>> sparkline([0, 3, 1], alt="Three weeks.").partition("(")[0]
    '![Three weeks.]'
    """
    most = max(*values, 1)
    heights = [max(1.5, 30 * value / most) for value in values]
    bars = [f"M{8 * i} 32v-{height:.1f}h6v{height:.1f}z" for i, height in enumerate(heights)]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{8 * len(values)}" height="32">'
        f'<path fill="{_BAR}" d="{"".join(bars[:-1])}"/><path fill="{_LAST}" d="{bars[-1]}"/></svg>'
    )
    return f"![{plain(alt)}](data:image/svg+xml,{quote(drawn)})"
