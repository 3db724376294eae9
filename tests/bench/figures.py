"""Percentiles and medians, and how they are written."""

from collections.abc import Iterable, Sequence
from math import isnan
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of the values lie; nan when there is none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def middle(values: Iterable[float]) -> float:
    """Return the median of what is there; nan when nothing is."""
    there = [value for value in values if not isnan(value)]
    return median(there) if there else float("nan")


def written(value: float, digits: int = 3) -> str:
    """Write a number with about ``digits`` figures, and n/a where nothing was measured."""
    if isnan(value):
        return "n/a"
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def milliseconds(seconds: float) -> str:
    return written(seconds * 1e3)
