"""The trainer's side: rooms that are opened, watched and owned from a script. Python 3.8, no dependency."""
