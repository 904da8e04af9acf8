"""Disclosure control: which cells of a table to hide, and what an attacker then still knows."""

from analytics.disclosure.attack import Ranges, Told, certain, ranges
from analytics.disclosure.coding import CODES, Coded, coded, size_class, told
from analytics.disclosure.suppress import protect
from analytics.disclosure.table import Cell, Table, linked
from analytics.disclosure.weeks import fresh

__all__ = [
    "CODES",
    "Cell",
    "Coded",
    "Ranges",
    "Table",
    "Told",
    "certain",
    "coded",
    "fresh",
    "linked",
    "protect",
    "ranges",
    "size_class",
    "told",
]
