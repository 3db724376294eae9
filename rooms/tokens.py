"""Signed credentials."""

from __future__ import annotations

from collections.abc import Sequence


class Secrets:
    """The signing secrets of a deployment, newest first: the first signs, all verify."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)
