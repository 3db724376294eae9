"""HTTP, WebSocket and pages: the doors of one node."""
