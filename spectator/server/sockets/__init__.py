"""Connections that watch: from a handshake to a viewer of the hub."""
