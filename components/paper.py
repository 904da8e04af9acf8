"""How any page prints: black on white whatever the theme, without the things one clicks."""

from typing import Final

import streamlit as st

# Fixed text, never data. Streamlit asks browsers to print its dark ground, hence the force.
_CSS: Final = """
<style>
@media print {
  @page { margin: 12mm; }
  html, body, .stApp, .stApp * { color-scheme: light !important; }
  html, body, .stApp, .stAppViewContainer, .stMain { background: #fff !important; }
  .stMarkdown *, .stHeading *, .stCaptionContainer, .stCaptionContainer *, .stText, .stText * {
    color: #000 !important; opacity: 1 !important;
  }
  .stPlotlyChart text { fill: #000 !important; }
  .stPlotlyChart, .stVerticalBlock > .stLayoutWrapper { break-inside: avoid; }
  [data-testid="stHeaderActionElements"], .stSidebar, .stAppHeader, .stButton,
  .stDownloadButton, .stPopover, .stTextInput, .stSelectbox, .stMultiSelect,
  .stButtonGroup, .stExpander:not(:has(details[open])) {
    display: none !important;
  }
}
</style>
"""


def paper() -> None:
    """Call once a page, from the router."""
    st.html(_CSS)
