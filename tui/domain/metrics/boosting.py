"""XGBoost, LightGBM, CatBoost: a round and named values, apart by tabs."""

from __future__ import annotations

import re

from tui.domain.metrics.model import Reading
from tui.domain.metrics.numbers import DIGITS, number

_ROUND = re.compile(r"\[(\d{1,9})\]\s{1,4}(?=\S)")
_XGBOOST = re.compile(rf"([A-Za-z][\w.]{{0,60}}-[\w@.+-]{{1,40}}):([-+]?(?:{DIGITS}))")
_LIGHTGBM = re.compile(rf"([\w.]{{1,60}}'s [\w@.+-]{{1,40}}):\s{{1,4}}([-+]?(?:{DIGITS}))")
_CATBOOST = re.compile(r"(\d{1,9}):\t(?=learn: |test: )")
_CATBOOST_VALUE = re.compile(rf"\b(learn|test\d{{0,3}}): ([-+]?(?:{DIGITS}))")


def boosting(text: str) -> Reading | None:
    """A line of a boosting library, its logging prefix taken off."""
    if match := _ROUND.match(text):
        pattern = _XGBOOST if "-" in text else _LIGHTGBM
        found = pattern.findall(text, match.end()) or _LIGHTGBM.findall(text, match.end())
    elif match := _CATBOOST.match(text):
        found = _CATBOOST_VALUE.findall(text, match.end())
    else:
        return None
    values = {name: value for name, digits in found[:64] if (value := number(digits)) is not None}
    return Reading(values=values, step=int(match[1])) if values else None
