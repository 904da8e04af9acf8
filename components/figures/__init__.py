"""Figures as pure functions: a table in, a Plotly figure out; `…_alt` gives its sentence."""

from components.figures.averaging import averaging_alt, averaging_lines
from components.figures.chance import chance_timeline, chance_timeline_alt
from components.figures.content import (
    completion_bars,
    completion_bars_alt,
    item_map,
    item_map_alt,
    option_counts,
    option_counts_alt,
)
from components.figures.district import (
    dot_intervals,
    dot_intervals_alt,
    spread_bars,
    spread_bars_alt,
)
from components.figures.heatmap import print_heatmap, print_heatmap_alt
from components.figures.layout import layout
from components.figures.learner import (
    activity_trend,
    activity_trend_alt,
    attendance_strip,
    attendance_strip_alt,
    mastery_timeline,
    mastery_timeline_alt,
    score_history,
    score_history_alt,
)
from components.figures.patterns import (
    band_shares,
    band_shares_alt,
    weekly_progress,
    weekly_progress_alt,
)
from components.figures.plan import before_after, before_after_alt
from components.figures.teaching import (
    gain_intervals,
    gain_intervals_alt,
    options_by_group,
    options_by_group_alt,
    time_against_plan,
    time_against_plan_alt,
)

__all__ = [
    "activity_trend",
    "activity_trend_alt",
    "attendance_strip",
    "attendance_strip_alt",
    "averaging_alt",
    "averaging_lines",
    "band_shares",
    "band_shares_alt",
    "before_after",
    "before_after_alt",
    "chance_timeline",
    "chance_timeline_alt",
    "completion_bars",
    "completion_bars_alt",
    "dot_intervals",
    "dot_intervals_alt",
    "gain_intervals",
    "gain_intervals_alt",
    "item_map",
    "item_map_alt",
    "layout",
    "mastery_timeline",
    "mastery_timeline_alt",
    "option_counts",
    "option_counts_alt",
    "options_by_group",
    "options_by_group_alt",
    "print_heatmap",
    "print_heatmap_alt",
    "score_history",
    "score_history_alt",
    "spread_bars",
    "spread_bars_alt",
    "time_against_plan",
    "time_against_plan_alt",
    "weekly_progress",
    "weekly_progress_alt",
]
