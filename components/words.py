"""Words for numbers and dates, so that every page says the same thing the same way."""

from collections.abc import Sequence
from datetime import date, datetime


def percent(share: float) -> str:
    """A share from 0 to 1 in whole percent; "100 %" and "0 %" are said only when exactly true.

    >>> percent(0.384), percent(1), percent(0.998), percent(0.001), percent(0)
    ('38 %', '100 %', 'over 99 %', 'under 1 %', '0 %')
    """
    if not 0 <= share <= 1:
        raise ValueError(
            f"A share lies between 0 and 1, and {share} does not; divide by 100 first?"
        )
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{share * 100:.0f} %"


def between(low: float, high: float) -> str:
    """An interval of shares.

    >>> between(0.24, 0.54), between(0.401, 0.404)
    ('between 24 and 54 %', 'about 40 %')
    """
    lowest, highest = f"{low * 100:.0f}", f"{high * 100:.0f}"
    return f"about {lowest} %" if lowest == highest else f"between {lowest} and {highest} %"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun; `many` is needed only where adding "s" is wrong.

    >>> plural(1, "answer"), plural(0, "answer"), plural(1200, "answer")
    ('1 answer', 'no answers', '1,200 answers')
    >>> plural(2, "class", "classes")
    '2 classes'
    """
    noun = one if count == 1 else many or f"{one}s"
    return f"no {noun}" if count == 0 else f"{count:,} {noun}"


def listing(parts: Sequence[str]) -> str:
    """Parts joined as in speech.

    >>> listing(["Ana"]), listing(["Ana", "Ben"]), listing(["Ana", "Ben", "Cy"])
    ('Ana', 'Ana and Ben', 'Ana, Ben and Cy')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def day(when: date, today: date) -> str:
    """A day; the year is said only when it is another one.

    >>> day(date(2026, 3, 9), date(2026, 4, 1)), day(date(2025, 12, 1), date(2026, 4, 1))
    ('9 March', '1 December 2025')
    """
    year = "" if when.year == today.year else f" {when.year}"
    return f"{when.day} {when:%B}{year}"


def since(when: date, today: date) -> str:
    """The start of something that still lasts.

    >>> since(date(2026, 3, 9), date(2026, 4, 1)), since(date(2026, 4, 1), date(2026, 4, 1))
    ('since 9 March', 'since today')
    """
    return "since today" if when == today else f"since {day(when, today)}"


def ago(when: date, today: date) -> str:
    """How long ago, in days up to eight weeks and as a date beyond; days ahead are said too.

    >>> now = date(2026, 4, 1)
    >>> ago(now, now), ago(date(2026, 3, 31), now), ago(date(2026, 3, 20), now)
    ('today', 'yesterday', '12 days ago')
    >>> ago(date(2025, 9, 1), now), ago(date(2026, 4, 2), now), ago(date(2026, 4, 5), now)
    ('on 1 September 2025', 'tomorrow', 'in 4 days')
    """
    days = (today - when).days
    if abs(days) > 56:
        return f"on {day(when, today)}"
    near = {0: "today", 1: "yesterday", -1: "tomorrow"}
    if days in near:
        return near[days]
    return f"{days} days ago" if days > 0 else f"in {-days} days"


def moment(when: datetime) -> str:
    """A day and time of day, in the zone the value already carries.

    >>> moment(datetime(2026, 11, 22, 14, 5))
    '22 November 2026, 14:05'
    """
    return f"{when.day} {when:%B %Y, %H:%M}"


def duration(minutes: float) -> str:
    """A length of time, in the coarsest unit that stays honest.

    >>> duration(0.4), duration(1), duration(47.2), duration(120), duration(135)
    ('under a minute', '1 minute', '47 minutes', '2 hours', '2 h 15 min')
    """
    whole = round(minutes)
    if whole < 1:
        return "under a minute"
    if whole < 100:
        return plural(whole, "minute")
    hours, rest = divmod(whole, 60)
    return f"{hours} h {rest} min" if rest else plural(hours, "hour")


def thin(count: int, noun: str = "answer") -> str:
    """What is said instead of an estimate that rests on too little.

    >>> thin(2), thin(0, "learner")
    ('not enough evidence (2 answers)', 'not enough evidence (no learners)')
    """
    return f"not enough evidence ({plural(count, noun)})"
