"""The demo: an agent that really learns, on a grid world of four rooms with lava; an endless row of levels.

Pure Python. It publishes through the same calls as any training script: see ``training.py``.
"""
