"""The commands of whoever runs the server."""

from __future__ import annotations

import argparse

from spectator.cli.arguments.building import Subparsers, command, folder, port, positive, store_url


def add(commands: Subparsers) -> None:
    """Add serve, demo, status and stop."""
    serve = command(commands, "serve", "serving:serve", "run the server", needs_server=True)
    serve.add_argument("--host", help="the address to listen on (127.0.0.1)")
    serve.add_argument("--port", type=port, help="the port; 0 takes any (8000, else the next free one)")
    serve.add_argument(
        "--lan", action="store_true", default=None, help="listen on this machine's private addresses"
    )
    serve.add_argument(
        "--workers", type=positive(int), metavar="N", help="so many processes share the port (1)"
    )
    serve.add_argument(
        "--redis", dest="redis_url", type=store_url, metavar="URL", help="use this server as the store"
    )
    serve.add_argument("--public-url", metavar="URL", help="how people reach this server through a proxy")
    serve.add_argument(
        "--behind-proxy", action="store_true", default=None, help="a TLS proxy stands before it"
    )
    serve.add_argument(
        "--tls-cert", type=folder, metavar="FILE", help="serve TLS with this certificate (PEM)"
    )
    serve.add_argument("--tls-key", type=folder, metavar="FILE", help="its key (PEM, without a passphrase)")
    serve.add_argument(
        "--log-format", choices=("text", "json"), help="write the log for people or for programs (text)"
    )
    serve.add_argument("--theme", metavar="NAME", help="the look of the page")
    serve.add_argument(
        "--static", dest="static_dir", type=folder, metavar="DIR", help="serve this page instead"
    )
    serve.add_argument("--autostarted", action="store_true", help=argparse.SUPPRESS)

    demo = command(commands, "demo", "demo:demo", "train a small agent, to be watched", needs_server=True)
    demo.add_argument("--lan", action="store_true", help="let others on this network watch; prints a QR code")
    demo.add_argument("--port", type=port, help="the port of the server, if one has to be started")
    demo.add_argument("--episodes", type=positive(int), metavar="N", help="end after so many (else: never)")
    demo.add_argument("--seed", type=int, default=7, help="another seed, other maps (7)")

    command(commands, "status", "serving:status", "tell about this user's server on this machine")
    command(commands, "stop", "serving:stop", "stop this user's server on this machine")
