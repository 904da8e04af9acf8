"""Disclosure control: which cells of a table to hide, and what an attacker then still knows."""

from analytics.disclosure.attack import Ranges, Told, certain, having, ranges
from analytics.disclosure.coding import CODES, Coded, coded, size_class, told
from analytics.disclosure.suppress import protect
from analytics.disclosure.table import Cell, Table, linked
from analytics.disclosure.weeks import Renewal, Since, fresh, hides, renewed

__all__ = [
    "CODES",
    "Cell",
    "Coded",
    "Ranges",
    "Renewal",
    "Since",
    "Table",
    "Told",
    "certain",
    "coded",
    "fresh",
    "having",
    "hides",
    "linked",
    "protect",
    "ranges",
    "renewed",
    "size_class",
    "told",
]
