"""The school year of the demo: 38 weeks around `today`, its school days, and their hours in UTC."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from db.demo.arrays import Bools, Days, Ints

TIMEZONE = "America/Chicago"
WEEKS = 38
WEEK_NOW = 25  # the 26th, counted from 0
BREAKS = (15, 16, 29)  # whole weeks without school: two in winter, one in spring
DAYS_OFF = ((2, 0), (11, 3), (11, 4), (20, 0))  # (week, weekday): single holidays


@dataclass(frozen=True)
class Year:
    """A school year placed so that `today` lies in its 26th week.

    Nothing is recorded for `today` itself: it has only begun, in every time zone west of ours too.
    """

    today: date

    @property
    def starts_on(self) -> date:
        """A Monday.

        >>> Year(date(2026, 11, 22)).starts_on
        datetime.date(2026, 5, 25)
        """
        return self.today - timedelta(days=self.today.weekday(), weeks=WEEK_NOW)

    @property
    def ends_on(self) -> date:
        """The Friday of the last week."""
        return self.starts_on + timedelta(weeks=WEEKS, days=-3)

    @property
    def school_year(self) -> int:
        """The calendar year in which it ends."""
        return self.ends_on.year

    @cached_property
    def all_days(self) -> Days:
        """Every school day of the year, those to come included."""
        first = np.datetime64(self.starts_on)
        return np.array(
            [
                first + np.timedelta64(7 * week + weekday, "D")
                for week in range(WEEKS)
                for weekday in range(5)
                if week not in BREAKS and (week, weekday) not in DAYS_OFF
            ]
        )

    @cached_property
    def days(self) -> Days:
        """The school days before today."""
        return self.all_days[self.all_days < np.datetime64(self.today)]

    @cached_property
    def week(self) -> Ints:
        """The week of each of `days`, 0 the first."""
        return ((self.days - np.datetime64(self.starts_on)).astype(np.int64)) // 7

    @cached_property
    def weekday(self) -> Ints:
        """The weekday of each of `days`, 0 Monday."""
        return ((self.days - np.datetime64(self.starts_on)).astype(np.int64)) % 7

    @cached_property
    def midnight(self) -> Days:
        """When each of `days` begins in the schools' time zone, in UTC."""
        zone = ZoneInfo(TIMEZONE)
        found = []
        for day in self.days.astype(object):
            offset = datetime(day.year, day.month, day.day, 12, tzinfo=zone).utcoffset()
            found.append(np.datetime64(day, "us") - np.timedelta64(offset or timedelta(0)))
        return np.array(found)

    def position(self, days: Days) -> Ints:
        """For each day the index in `all_days` of the first school day on or after it."""
        return np.searchsorted(self.all_days, days.astype("M8[D]")).astype(np.int64)

    def past(self, days: Days) -> Bools:
        """Whether a day lies before today, so that it can have happened."""
        return days.astype("M8[D]") < np.datetime64(self.today)
