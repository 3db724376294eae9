"""HTTP, WebSocket and pages: the doors of one node."""

from __future__ import annotations

from spectator.server.serving import Ready, serve

__all__ = ["Ready", "serve"]
