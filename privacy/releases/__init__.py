"""The private regime: figures about groups with accounted noise. Pages call `release`, `stored`."""

from privacy.releases.asking import planned, release, stored
from privacy.releases.caps import Proposal, current, decide, proposals, propose
from privacy.releases.figures import FEW, VAGUE, Figure, whole_percents
from privacy.releases.ledger import Budget, Refused
from privacy.releases.release import EXPLAINED, N_RULE, Change, Release, change
from privacy.releases.weekly import OVERVIEW, overview, weekly_overview

__all__ = [
    "EXPLAINED",
    "FEW",
    "N_RULE",
    "OVERVIEW",
    "VAGUE",
    "Budget",
    "Change",
    "Figure",
    "Proposal",
    "Refused",
    "Release",
    "change",
    "current",
    "decide",
    "overview",
    "planned",
    "proposals",
    "propose",
    "release",
    "stored",
    "weekly_overview",
    "whole_percents",
]
