"""Those viewers of a scene who are told what happens."""

from tests.faults.scene import Scene
from tests.faults.viewers import Flat, Viewer


def modern(scene: Scene) -> list[Viewer]:
    """Whoever speaks ``spectator.v1``: the seeds' flat messages have no word for a store that is away."""
    return [viewer for viewer in scene.viewers if not isinstance(viewer, Flat)]
