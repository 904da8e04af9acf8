"""Loads the Open University Learning Analytics Dataset; loading the same again changes nothing."""

from db.oulad.loading import DISTRICT, load
from db.oulad.report import FileReport, LoadError, LoadReport, StaffMember

__all__ = ["DISTRICT", "FileReport", "LoadError", "LoadReport", "StaffMember", "load"]
