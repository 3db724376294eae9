"""The history of one number, in bounded memory."""

from __future__ import annotations
