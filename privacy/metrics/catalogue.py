"""The metrics Chalkline knows; adding one is one `Metric` here and one value in the weekly rows."""

from collections.abc import Mapping
from typing import Final

from privacy.metrics.grains import EQUITY
from privacy.metrics.metric import BOTH, DISTRICT_ONLY, Metric

_PLACES = ("district", "school", "grade", "school_grade")
_TAUGHT = (*_PLACES, "course", "school_course", "subject", "school_subject")
_GAPS = (*_TAUGHT, *EQUITY)

METRICS: Final[Mapping[str, Metric]] = {
    one.name: one
    for one in (
        Metric(
            "enrolment", "Enrolment", "How many learners are here?",
            "Learners enrolled in at least one running class on the day the week's data was taken; "
            "a learner of two schools is counted at her home school.",
            "count", "learners", 0, 1, (*_GAPS, "term"), "neither", BOTH, cost="low",
        ),
        Metric(
            "active", "Active learners", "How many learners are working?",
            "Share of enrolled learners with any activity in the last 28 days.",
            "rate", "%", 0, 1, _TAUGHT, "up", BOTH, everybody=True,
        ),
        Metric(
            "progress", "Progress", "How far are learners through what was taught?",
            "Mean over learners of the share of sections opened so far that they have completed.",
            "mean", "%", 0, 100, (*_TAUGHT, "term"), "up", BOTH,
        ),
        Metric(
            "completion", "Completion rate", "How many learners keep up?",
            "Share of learners who have completed at least three in four of the sections opened so "
            "far, over all their classes together.",
            "rate", "%", 0, 1, (*_TAUGHT, "term"), "up", BOTH,
        ),
        Metric(
            "mastery", "Mastery rate", "How much of what was assessed do learners master?",
            "Mean over learners of the share of assessed competencies they have mastered; a "
            "competency without enough evidence is left out.",
            "mean", "%", 0, 100, (*_PLACES, "subject", "school_subject", "bloom", *EQUITY),
            "up", BOTH,
        ),
        Metric(
            "assessment_mean", "Assessment mean", "How do learners score?",
            "Mean over learners of their weighted mean percent in marked work.",
            "mean", "%", 0, 100, (*_GAPS, "term"), "up", BOTH,
        ),
        Metric(
            "pass", "Pass rate", "How many learners pass?",
            "Share of learners with marked work whose mean percent reaches the pass mark of that "
            "work.",
            "rate", "%", 0, 1, (*_GAPS, "term"), "up", BOTH,
        ),
        Metric(
            "on_time", "On-time submission", "How much work comes in on time?",
            "Mean over learners of the share of work due so far that they handed in by its day.",
            "mean", "%", 0, 100, (*_TAUGHT, "term"), "up", BOTH,
        ),
        Metric(
            "attendance", "Attendance", "How many days are learners present?",
            "Mean over learners of the share of their last 20 school days on which they were "
            "present or late.",
            "mean", "%", 0, 100, (*_PLACES, *EQUITY), "up", BOTH,
        ),
        Metric(
            "chronic_absence", "Chronic absence", "How many learners miss too much school?",
            "Share of learners absent, with or without excuse, on a tenth or more of their last "
            "school days, and on at least three.",
            "rate", "%", 0, 1, (*_PLACES, *EQUITY), "down", BOTH,
        ),
        Metric(
            "flagged", "Learners flagged", "How many learners need somebody?",
            "Share of enrolled learners with an open flag.",
            "rate", "%", 0, 1, (*_PLACES, *EQUITY), "down", BOTH, everybody=True,
        ),
        Metric(
            "reached", "Flagged and reached", "How many of them has somebody reached?",
            "Share of enrolled learners who have an open flag and for whom somebody has acted on a "
            "flag or runs a plan; divide by 'Learners flagged' for the share of those flagged.",
            "rate", "%", 0, 1, (*_PLACES, *EQUITY), "up", BOTH, everybody=True,
        ),
        Metric(
            "time_on_task", "Time on task", "How long do learners work a week?",
            "Mean over learners of recorded minutes a week in the last 28 days; learners of "
            "classes whose source records no time are left out.",
            "mean", "minutes a week", 0, 600, _TAUGHT, "neither", BOTH,
        ),
        Metric(
            "minutes", "Learning time in all", "How much learning time is that together?",
            "Sum over learners of recorded minutes a week in the last 28 days.",
            "sum", "minutes a week", 0, 600, _PLACES, "neither", DISTRICT_ONLY,
            value="time_on_task",
        ),
        Metric(
            "median_time", "Typical time on task", "How long does a typical learner work?",
            "Median over learners of recorded minutes a week in the last 28 days.",
            "median", "minutes a week", 0, 600, ("district", "school", "grade"), "neither",
            DISTRICT_ONLY, cost="high", value="time_on_task",
        ),
        Metric(
            "score_bands", "Spread of scores", "How are scores spread?",
            "Learners by their weighted mean percent in marked work, in bands of ten points.",
            "histogram", "%", 0, 100, ("district", "school", "grade"), "neither",
            DISTRICT_ONLY, cost="high", value="assessment_mean",
            edges=tuple(float(edge) for edge in range(0, 101, 10)),
        ),
        Metric(
            "learning_velocity", "Learning velocity", "How fast do learners master new things?",
            "Mean over learners with any evidence of the competencies they came to master in the "
            "last 28 days.",
            "mean", "competencies in four weeks", 0, 20,
            (*_PLACES, "subject", "school_subject"), "up", BOTH,
        ),
        Metric(
            "content_effectiveness", "Content effectiveness", "Does the content teach?",
            "Mean over learners of the understanding shown in the checks inside the sections of a "
            "course.",
            "mean", "%", 0, 100, ("district", "course", "school_course", "subject"), "up", BOTH,
        ),
        Metric(
            "accommodation_success", "Accommodation success",
            "Do learners with an accommodation pass?",
            "Share of learners with an accommodation and marked work whose mean percent reaches "
            "the pass mark of that work.",
            "rate", "%", 0, 1, _PLACES, "up", BOTH, cost="high",
        ),
    )
}  # fmt: skip


def metric(name: str) -> Metric:
    """The metric of that name; an error in words for any other."""
    try:
        return METRICS[name]
    except KeyError:
        raise KeyError(
            f"No metric is called '{name}'. Declared are: {', '.join(METRICS)}."
        ) from None
