"""Mastery: a class's learners by competencies in learning order; who struggles with what."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from analytics.mastery import DEVELOPING, MASTERED, NOT_ENOUGH, STRUGGLING
from components import words
from components.empty import as_of, empty
from components.grid import ANSWERS, SCORES, Band, Column, Row, Selection, grid_table, mastery_grid
from components.show import plain, twin
from pages.students.choosing import one_class, one_of
from pages.students.links import link, open_page, token
from privacy import Viewer
from queries.exports import note_export
from queries.freshness import data_as_of
from queries.students.classes import TaughtClass, my_classes
from queries.students.mastery import MasteryMap, Taught, mastery_map
from queries.students.scores import score_map
