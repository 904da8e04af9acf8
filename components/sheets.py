"""What any page looks like where Streamlit alone falls short: on the screen, and on paper.

On paper it is black on white whatever the theme, without the things one clicks.
"""

from typing import Final

import streamlit as st

# Fixed text, never data. Streamlit asks browsers to print its dark ground, hence the force.
_CSS: Final = """
<style>
/* Streamlit draws the words of figures in a grey of 3.6:1 on paper, too little for small type. */
@media screen {
  .stPlotlyChart .main-svg :is(
    [class*="axislayer"], .infolayer, .bartext, .textpoint
  ) text, .stPlotlyChart .main-svg text.bartext { fill: currentColor !important; }
}
/* White on the dark theme's light green is 2.1:1. */
.stApp :is([kind="primary"], [kind="primaryFormSubmit"]):not(:disabled) *,
.stApp .stMultiSelect [data-tag] * {
  color: light-dark(#fff, #0f1c18);
}
.stMultiSelect [data-baseweb="tag"] * { color: light-dark(#fff, #0f1c18) !important; }
/* A date's day and month are 18 pixels wide, too small to hit. */
[role="spinbutton"] {
  display: inline-block; min-width: 24px; min-height: 24px; line-height: 24px; text-align: center;
}
@media print {
  @page { margin: 12mm; }
  html, body, .stApp, .stApp * { color-scheme: light !important; }
  html, body, .stApp, .stAppViewContainer, .stMain { background: #fff !important; }
  .stMarkdown *, .stHeading *, .stCaptionContainer, .stCaptionContainer *, .stText, .stText * {
    color: #000 !important; opacity: 1 !important;
  }
  .stPlotlyChart text { fill: #000 !important; }
  .stMarkdownBadge, .stAlert, .stAlert > div {
    background: #fff !important; border: 1px solid #777; border-radius: 4px;
  }
  .stAlert *, .stButton * { color: #000 !important; background: #fff !important; }
  .stPlotlyChart, .stVerticalBlock > .stLayoutWrapper { break-inside: avoid; }
  /* A name that can be clicked is a button of the third kind: it is read on paper too. */
  .stButton:not(:has([kind="tertiary"])), .stButton [data-testid="stIconMaterial"],
  [data-testid="stHeaderActionElements"], .stSidebar, .stAppHeader,
  .stDownloadButton, .stPopover, .stForm, .stTextInput, .stSelectbox, .stMultiSelect,
  .stNumberInput, .stButtonGroup, .st-key-find-page, .stExpander:not(:has(details[open])) {
    display: none !important;
  }
}
</style>
"""


def sheets() -> None:
    """Call once a page, from the router."""
    st.html(_CSS)
