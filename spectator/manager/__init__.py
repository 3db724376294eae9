"""The verbs of the domain without HTTP: what the server's calls and in-process sessions have in common."""

from __future__ import annotations

from spectator.manager.manager import Manager

__all__ = ["Manager"]
