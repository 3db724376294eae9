"""TrainingMetricsOverlay: the figures and decisions of one session, on their way to its viewers."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Sequence

from spectator.client.logged import decision_fields
from spectator.client.pending import SAMPLE, STATE
from spectator.protocol.metrics import MetricsData
from spectator.protocol.values import utc

HISTORY = 10_000  # records kept

Publish = Callable[[int, Dict[str, Any]], None]


class TrainingMetricsOverlay:
    """What a session shows: metrics and decisions. One belongs to each session (`SpectatorSession.overlay`).

    One that is made by hand belongs to none: it keeps the history, and nobody sees it.
    """

    def __init__(
        self,
        session_id: str,
        enable_graphs: bool = True,
        enable_decision_viz: bool = True,
        *,
        publish: Optional[Publish] = None,
    ) -> None:
        """Show what happens in a session.

        Args:
            session_id: the session.
            enable_graphs: whether viewers get graphs.
            enable_decision_viz: whether decisions are sent.
            publish: queues an event for the session's viewers.
        """
        self.session_id = session_id
        self.enable_graphs = enable_graphs
        self.enable_decision_viz = enable_decision_viz
        self._publish = publish
        self._history: Deque[MetricsData] = deque(maxlen=HISTORY)

    async def update_metrics(self, metrics_data: MetricsData) -> None:
        """Show new metrics; decision fields in them also make a decision. Waits for nobody."""
        self._history.append(metrics_data)
        if self._publish is None:
            return
        fields = {"type": "training_metrics", "timestamp": utc(metrics_data.timestamp)}
        self._publish(SAMPLE, {**fields, "data": metrics_data.figures()})
        decision = metrics_data.decision()
        if decision and self.enable_decision_viz:
            self._publish(
                STATE, {"type": "bot_decision", "timestamp": utc(metrics_data.timestamp), **decision}
            )

    async def send_bot_decision_data(
        self,
        action_probabilities: Mapping[str, float],
        state_values: Optional[float] = None,
        q_values: Optional[Sequence[float]] = None,
        selected_action: Optional[str] = None,
    ) -> None:
        """Show a decision of the bot.

        Args:
            action_probabilities: of each action, by name.
            state_values: the value of the state.
            q_values: of each action, in the same order.
            selected_action: the one that was chosen.

        Raises:
            TypeError, ValueError: an argument is no number, or they do not fit together.
        """
        fields = decision_fields(action_probabilities, None, selected_action, state_values, q_values)
        if self._publish is not None and self.enable_decision_viz:
            self._publish(STATE, fields)

    def get_metrics_history(
        self,
        start_time: Optional[datetime] = None,
        end_time: Optional[datetime] = None,
        max_points: Optional[int] = None,
    ) -> List[MetricsData]:
        """Return what was shown by this process, oldest first: the newest 10,000 records at most.

        Args:
            start_time: not before; naive times are local.
            end_time: not after.
            max_points: only the newest so many.
        """
        first = start_time.astimezone() if start_time else None
        last = end_time.astimezone() if end_time else None
        found = []
        for record in self._history:
            moment = record.timestamp.astimezone()
            if (first is None or moment >= first) and (last is None or moment <= last):
                found.append(record)
        return found if max_points is None else found[max(0, len(found) - max_points) :]

    def get_current_metrics(self) -> Optional[MetricsData]:
        """Return the newest metrics, or None."""
        return self._history[-1] if self._history else None

    async def cleanup(self) -> None:
        """Forget the history."""
        self._history.clear()
