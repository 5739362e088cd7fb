"""The app's own themes; Textual's others can be chosen as well."""

from __future__ import annotations

from collections.abc import Container

from textual.theme import Theme

DARK = Theme(
    name="vertex",
    primary="#5f9ea8",
    secondary="#8a9ba8",
    accent="#e0a458",
    foreground="#d7dde0",
    background="#12171a",
    surface="#181f23",
    panel="#222b30",
    success="#7fb77e",
    warning="#e5c06a",
    error="#e06c6c",
    dark=True,
    variables={
        "border": "#e0a458",
        "border-blurred": "#3a464d",
        "footer-background": "#181f23",
        "footer-key-foreground": "#e0a458",
        "footer-description-foreground": "#aab6bc",
        "block-cursor-background": "#e0a458",
        "block-cursor-foreground": "#12171a",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#2c373d",
        "input-selection-background": "#e0a458 35%",
    },
)

LIGHT = Theme(
    name="vertex-light",
    primary="#2f6f79",
    secondary="#5d6b73",
    accent="#9a5b00",
    foreground="#1f272b",
    background="#f7f5f0",
    surface="#efece4",
    panel="#e4e0d6",
    success="#2f7a35",
    warning="#8a6100",
    error="#b3261e",
    dark=False,
    variables={
        "border": "#9a5b00",
        "border-blurred": "#c4beb0",
        "footer-background": "#e4e0d6",
        "footer-key-foreground": "#9a5b00",
        "block-cursor-background": "#9a5b00",
        "block-cursor-foreground": "#f7f5f0",
        "block-cursor-text-style": "none",
    },
)

SIXTEEN = Theme(
    name="vertex-16",
    primary="#55ffff",
    secondary="#aaaaaa",
    accent="#ffff55",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    success="#55ff55",
    warning="#ffff55",
    error="#ff5555",
    dark=True,
    variables={
        "border": "#ffff55",
        "border-blurred": "#aaaaaa",
        "block-cursor-background": "#ffff55",
        "block-cursor-foreground": "#000000",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#aaaaaa",
        "block-cursor-blurred-foreground": "#000000",
        "text-success": "#55ff55",
        "text-warning": "#ffff55",
        "text-error": "#ff5555",
        "text-accent": "#ffff55",
        "text-muted": "#aaaaaa",
    },
)
"""Only colours that a terminal of sixteen has: paler ones would all come out white or grey there."""


def choose(wanted: str, available: Container[str], color_system: str | None) -> str:
    """The theme of that name, ours if there is none; ours gives way where there are only sixteen colours."""
    name = wanted if wanted in available else DARK.name
    return SIXTEEN.name if name == DARK.name and color_system == "standard" else name
