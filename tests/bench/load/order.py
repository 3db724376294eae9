"""What the load generator is started with."""

from dataclasses import dataclass


@dataclass(slots=True)
class Order:
    """Whom to speak to and how; the one argument of the load generator."""

    host: str
    port: int
    dialect: str
    path: str
    viewers: int
    deflate: bool = False
    room: str = ""
    together: int = 50  # connections being opened at a time
    reads: bool = True
