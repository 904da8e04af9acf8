"""Words for released figures: a value in its unit, its margin, and a change that may be noise."""

from typing import Final

POINTS: Final = "%"  # figures in percent differ by points


def amount(value: float | None, unit: str) -> str:
    """A value in its unit; whole things whole.

    >>> amount(93.14, "%"), amount(412.0, "learners"), amount(52.26, "minutes a week")
    ('93.1 %', '412', '52.3 minutes a week')
    >>> amount(None, "%")
    'not shown'
    """
    if value is None:
        return "not shown"
    match unit:
        case "%":
            return f"{value:.1f} %"
        case "learners":
            return f"{value:,.0f}"
        case _:
            return f"{value:,.1f} {unit}"


def parts(value: float | None, unit: str, noise: float | None) -> tuple[str, str]:
    """The same for a card: what is read first, and what stands small beside it.

    >>> parts(52.26, "minutes a week", 8.31), parts(93.1, "%", 1.6), parts(None, "%", None)
    (('52.3', 'minutes a week ± 8.3'), ('93.1 %', '± 1.6'), ('not shown', ''))
    """
    said = amount(value, unit)
    if value is None or unit in ("%", "learners"):
        return said, margin(noise, unit)
    return said.removesuffix(f" {unit}"), f"{unit} {margin(noise, unit)}".strip()


def margin(noise: float | None, unit: str) -> str:
    """How far the noise may have moved it.

    >>> margin(1.62, "%"), margin(8.0, "learners"), margin(None, "%")
    ('± 1.6', '± 8', '')
    """
    if noise is None:
        return ""
    return f"± {noise:.0f}" if unit == "learners" else f"± {noise:.1f}"


def changed(verdict: str, by: float | None, noise: float | None, unit: str) -> str:
    """A change since last week in a sentence that does not claim more than is known.

    >>> changed("up", 4.2, 1.1, "%")
    '▲ 4.2 points since last week'
    >>> changed("cannot tell", 0.4, 2.3, "%")
    'Since last week: cannot tell (less than the noise of ± 2.3)'
    >>> changed("cannot tell", None, None, "%")
    'Nothing to compare with yet'
    """
    if by is None or noise is None:
        return "Nothing to compare with yet"
    if verdict == "cannot tell":
        return f"Since last week: cannot tell (less than the noise of {margin(noise, unit)})"
    arrow = "▲" if verdict == "up" else "▼"
    said = f"{abs(by):,.0f}" if unit == "learners" else f"{abs(by):.1f}"
    what = " points" if unit == POINTS else ""
    return f"{arrow} {said}{what} since last week"
