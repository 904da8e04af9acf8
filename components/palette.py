"""The colours of figures and grids, in one place, with the arithmetic that proves them readable."""

import math
from typing import Final

# Okabe and Ito's colour-blind-safe set, moved to middle tones so that each hue keeps at least
# 3:1 against both the paper and the slate background (WCAG 1.4.11).
BLUE: Final = "#2b7fb8"
VERMILION: Final = "#c9571f"
GREEN: Final = "#1b8a68"
PURPLE: Final = "#b0638f"
OCHRE: Final = "#a87613"
GREY: Final = "#7d7f7e"
HUES: Final = (BLUE, VERMILION, GREEN, PURPLE, OCHRE, GREY)

# Backgrounds of .streamlit/config.toml; a test holds the two together.
PAPER: Final = "#fbfaf6"
SLATE: Final = "#181d1c"

INK: Final = "#14201d"
CHALK: Final = "#fdfcf8"

# One sequential scale: luminance runs one way, so it survives colour blindness and grey print, and
# its strongest step is the lowest value, where help is needed. Dark mode runs the other way for
# the same reason; print stays pale enough for black text on every step.
STEPS_LIGHT: Final = ("#93340f", "#d07f3c", "#ecbd79", "#eedfb8", "#e4eee2")
STEPS_DARK: Final = ("#f3a468", "#c0763c", "#7c5530", "#4b4632", "#263833")
STEPS_PRINT: Final = ("#e39a63", "#efbb8d", "#f6d8b4", "#faeeda", "#ffffff")


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2), from 0 for black to 1 for white.

    >>> luminance("#000000"), luminance("#ffffff"), round(luminance("#ff0000"), 4)
    (0.0, 1.0, 0.2126)
    """
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), from 1 to 21.

    >>> contrast("#000000", "#ffffff"), contrast("#777777", "#777777")
    (21.0, 1.0)
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_on(background: str) -> str:
    """The ink or chalk that reads better on a background.

    >>> text_on("#ffffff") == INK, text_on("#000000") == CHALK
    (True, True)
    """
    return max((INK, CHALK), key=lambda text: contrast(text, background))


def step(band: int, bands: int) -> int:
    """Which of the five steps paints a band, the lowest and highest bands taking the ends.

    Steps left over are taken from the strong end, so that only the lowest band shouts.

    >>> [step(band, 4) for band in range(4)], [step(band, 3) for band in range(3)], step(0, 1)
    ([0, 2, 3, 4], [0, 2, 4], 4)
    """
    return 4 if bands == 1 else math.ceil(band * 4 / (bands - 1))


def steps_css() -> str:
    """Rules `.s0` to `.s4` for screen (light and dark) and print, text colour included."""
    screen = "".join(
        f".s{i}{{background:light-dark({light},{dark});"
        f"color:light-dark({text_on(light)},{text_on(dark)})}}"
        for i, (light, dark) in enumerate(zip(STEPS_LIGHT, STEPS_DARK, strict=True))
    )
    paper = "".join(f".s{i}{{background:{c};color:#000}}" for i, c in enumerate(STEPS_PRINT))
    return f"{screen}@media print{{{paper}}}"
