"""The look in Gradio's own terms: its variables, set once for light and dark. What they do not reach is in `static/assay.css`.

One font, Source Sans Pro, which comes with Gradio and is served from here (SIL Open Font License): of its fonts the one made for reading
that has the letters of more than English. One accent, a green as on old brass; it passes WCAG AA on every surface that it stands on.
"""

from __future__ import annotations

from typing import Any

from gradio.themes import Base
from gradio.themes.utils import colors, sizes

#: Ink and paper, from the lightest to the darkest.
_PAPER = colors.Color(
    name="paper",
    c50="#fbfaf7",
    c100="#f4f2ec",
    c200="#e6e2d8",
    c300="#d0cabc",
    c400="#a29b8b",
    c500="#756f62",
    c600="#59544a",
    c700="#3f3b34",
    c800="#2a2824",
    c900="#1d1c19",
    c950="#141311",
)

#: The accent.
_VERDIGRIS = colors.Color(
    name="verdigris",
    c50="#ecf6f3",
    c100="#d2ebe4",
    c200="#a8d8cb",
    c300="#76bfad",
    c400="#45a18c",
    c500="#21836f",
    c600="#13695a",
    c700="#115549",
    c800="#10443b",
    c900="#0e3831",
    c950="#06201c",
)

_SANS = ("Source Sans Pro", "system-ui", "-apple-system", "Segoe UI", "sans-serif")

#: Gradio's variables by name; `*neutral_50` and the like are steps of the colours above.
_VALUES = {
    "body_background_fill": "*neutral_50",
    "body_background_fill_dark": "*neutral_950",
    "body_text_color": "*neutral_800",
    "body_text_color_dark": "#e9e5db",
    "body_text_color_subdued": "*neutral_600",
    "body_text_color_subdued_dark": "#a9a294",
    "background_fill_primary": "#ffffff",
    "background_fill_primary_dark": "*neutral_900",
    "background_fill_secondary": "*neutral_100",
    "background_fill_secondary_dark": "*neutral_800",
    "border_color_primary": "*neutral_200",
    "border_color_primary_dark": "#3a3731",
    "border_color_accent": "*primary_500",
    "color_accent": "*primary_600",
    "color_accent_soft": "*primary_50",
    "color_accent_soft_dark": "*primary_900",
    "link_text_color": "*primary_600",
    "link_text_color_dark": "*primary_300",
    "link_text_color_hover": "*primary_700",
    "link_text_color_hover_dark": "*primary_200",
    "block_background_fill": "transparent",
    "block_background_fill_dark": "transparent",
    "block_border_width": "0px",
    "block_label_text_color": "*neutral_600",
    "block_label_text_color_dark": "#a9a294",
    "block_info_text_color": "*neutral_600",
    "block_info_text_color_dark": "#a9a294",
    "block_title_text_color": "*neutral_700",
    "block_title_text_color_dark": "#d6d1c4",
    "input_background_fill": "#ffffff",
    "input_background_fill_dark": "*neutral_900",
    "input_border_color": "*neutral_400",
    "input_border_color_dark": "*neutral_500",
    "input_border_width": "1px",
    "input_border_color_focus": "*primary_600",
    "input_border_color_focus_dark": "*primary_300",
    "input_placeholder_color": "*neutral_500",
    "input_placeholder_color_dark": "#948d7e",
    "button_primary_background_fill": "*primary_600",
    "button_primary_background_fill_dark": "*primary_300",
    "button_primary_background_fill_hover": "*primary_700",
    "button_primary_background_fill_hover_dark": "*primary_200",
    "button_primary_text_color": "#ffffff",
    "button_primary_text_color_dark": "*neutral_950",
    "button_secondary_background_fill": "transparent",
    "button_secondary_background_fill_dark": "transparent",
    "button_secondary_background_fill_hover": "*neutral_100",
    "button_secondary_background_fill_hover_dark": "*neutral_800",
    "button_secondary_border_color": "*neutral_300",
    "button_secondary_border_color_dark": "#4a463e",
    "button_border_width": "1px",
    "shadow_drop": "none",
    "shadow_drop_lg": "none",
}


def theme() -> Any:
    """Return the theme."""
    made = Base(
        primary_hue=_VERDIGRIS,
        secondary_hue=_VERDIGRIS,
        neutral_hue=_PAPER,
        text_size=sizes.text_md,
        radius_size=sizes.radius_md,
        font=_SANS,
        font_mono=("ui-monospace", "SF Mono", "Menlo", "monospace"),
    )
    return made.set(**_VALUES)
