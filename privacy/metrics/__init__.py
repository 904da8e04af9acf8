"""What may be said about groups: each metric declared once, over declared grains and public lists.

A release asks for a metric, a grain and a week, and for nothing else. There are no filters: two
questions that differ by one learner can not be asked.
"""

from privacy.metrics.catalogue import METRICS, metric
from privacy.metrics.grains import GRAINS, OTHER, Grain
from privacy.metrics.groups import Group, groups
from privacy.metrics.metric import (
    AUDIENCES,
    Audience,
    Kind,
    Metric,
    Regime,
    WrongRegime,
    audience_of,
)
from privacy.metrics.reading import (
    Version,
    changes,
    latest_version,
    releaser_session,
    sums,
    values,
    versions,
)

__all__ = [
    "AUDIENCES",
    "GRAINS",
    "METRICS",
    "OTHER",
    "Audience",
    "Grain",
    "Group",
    "Kind",
    "Metric",
    "Regime",
    "Version",
    "WrongRegime",
    "audience_of",
    "changes",
    "groups",
    "latest_version",
    "metric",
    "releaser_session",
    "sums",
    "values",
    "versions",
]
