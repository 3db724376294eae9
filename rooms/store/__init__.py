"""Everything the package writes and reads, one operation a script."""
