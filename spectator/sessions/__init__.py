"""The async face: sessions, rooms and people for programs with a loop of their own; the names of seed 003."""
