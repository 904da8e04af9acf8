"""Compares a learner with her own class."""

import pandas as pd


def standing(values: pd.Series, group: pd.Series) -> pd.Series:
    """Share of the group below, ties counting half; null stays null and is nobody's rival.

    >>> standing(pd.Series([5.0, 7, 7, None]), pd.Series(list("aaaa"))).tolist()
    [0.16666666666666666, 0.6666666666666666, 0.6666666666666666, nan]
    """
    by = values.groupby(group, sort=False)
    return (by.rank() - 0.5) / by.transform("count")
