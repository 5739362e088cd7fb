"""The app's own themes; Textual's others can be chosen as well."""

from __future__ import annotations

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
