"""The secrets with which this user's servers sign their tokens: put a new one in use, drop the old ones."""

from __future__ import annotations

import argparse
import time

from spectator.cli.exits import CommandError, Exit
from spectator.cli.finding import environment
from spectator.cli.output import Output

SEEN_S = 2.5  # servers look at the file each second

FIXED = (
    "SPECTATOR_SECRET_KEYS is set, so the servers take their secrets from there. Restart them one after the "
    "other three times: with OLD,NEW (all verify the new one), with NEW,OLD (it signs), and with NEW when "
    "what the old one signed is over."
)
KEPT = (
    "Grants of the old ones end within the hour, invitations when they expire; room keys live as long as\n"
    "their rooms, visitors half a year. When that is over, or at once if one leaked:\n"
    "spectator secret rotate --drop-old"
)


def rotate(arguments: argparse.Namespace, out: Output) -> int:
    """Sign by a new secret from now on and go on taking what the old ones signed; or drop the old ones."""
    from spectator.manager.local import add_secret, drop_old_secrets
    from spectator.settings import Settings, SettingsError

    try:
        settings = Settings.load({"data_dir": environment(arguments).data_dir})
        if settings.secret_keys:
            raise CommandError("fixed_secrets", FIXED, Exit.USAGE)
        if arguments.drop_old:
            dropped = drop_old_secrets(settings.data_dir)
            told = (
                f"Dropped {dropped}: what they signed is refused." if dropped else "There is no old secret."
            )
            out.result({"dropped": dropped}, told)
            return Exit.DONE
        kept = add_secret(settings.data_dir, lambda: time.sleep(SEEN_S))
    except SettingsError as error:
        raise CommandError("cannot_rotate", str(error)) from error
    out.result({"kept": kept}, f"A new secret signs from now on; {kept} older still count.\n{KEPT}")
    return Exit.DONE
