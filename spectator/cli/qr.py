"""A QR code in the terminal, so that a phone finds the room."""

from __future__ import annotations

import io


def qr_text(url: str) -> str:
    """Return a QR code of ``url`` as lines of text, empty where segno is not installed."""
    try:
        import segno
    except ModuleNotFoundError:
        return ""
    text = io.StringIO()
    segno.make(url, error="m", micro=False).terminal(out=text, compact=True, border=2)
    return text.getvalue()
