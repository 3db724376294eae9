"""OpenTelemetry spans, where they are asked for: nothing of it is imported and nothing costs when it is off.

Where they go and how many of them is told by OpenTelemetry's own variables (``OTEL_EXPORTER_OTLP_ENDPOINT``,
``OTEL_TRACES_SAMPLER``, ``OTEL_SERVICE_NAME``, …). A span names routes, rooms and tenants, no credential,
a query, a body or the message of an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from spectator.nodes import version
from spectator.settings import Settings, SettingsError
from spectator.spans import UNMARKED, Mark, Marked, Told, unmarked

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

INSTALL: Final = "pip install 'spectator-rooms[otel]'"


@asynccontextmanager
async def tracing(settings: Settings) -> AsyncIterator[Mark]:
    """The ``Mark`` for a node; what was marked is on its way when this ends.

    Raises:
        SettingsError: tracing was asked for and is not installed.
    """
    if settings.tracing == "off":
        yield unmarked
        return
    tracer = await asyncio.to_thread(_exporting)  # it is a hundred modules
    try:
        yield tracer.span
    finally:
        await asyncio.to_thread(tracer.stop)


def _exporting() -> Tracer:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise SettingsError(f"tracing (SPECTATOR_TRACING): {error.name} is missing: {INSTALL}") from error
    return Tracer(BatchSpanProcessor(OTLPSpanExporter()))


class Tracer:
    """Makes spans and hands them to a processor.

    Args:
        processor: where they go.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        from opentelemetry import propagate, trace
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider

        own = Resource({"service.name": "spectator", "service.version": version()})
        self._provider = TracerProvider(resource=own.merge(OTELResourceDetector().detect()))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("spectator", version())
        self._trace = trace
        self._extract = propagate.extract

    def span(
        self, name: str, told: Told | None = None, *, within: bool = False, carrier: Told | None = None
    ) -> AbstractContextManager[Marked]:
        """See ``spectator.spans.Mark``."""
        if within and not self._trace.get_current_span().is_recording():
            return UNMARKED
        begun = self._tracer.start_as_current_span(
            name,
            context=self._extract(carrier) if carrier is not None else None,
            kind=self._trace.SpanKind.SERVER if carrier is not None else self._trace.SpanKind.INTERNAL,
            attributes=dict(told or {}),
        )
        return _Marked(begun, self._trace.StatusCode.ERROR)

    def stop(self) -> None:
        """Send what is left, for a few seconds at the most."""
        self._provider.shutdown()


class _Marked:
    """A span that is under way; an error that leaves it is noted by its kind alone."""

    __slots__ = ("_begun", "_error", "_span")

    def __init__(self, begun: Any, error: Any) -> None:
        self._begun = begun
        self._error = error
        self._span: Any = None

    def __enter__(self) -> Marked:
        self._span = self._begun.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and not issubclass(kind, asyncio.CancelledError):
            self._span.set_attribute("error.type", getattr(error, "code", None) or kind.__name__)
            self._span.set_status(self._error)
        self._begun.__exit__(None, None, None)  # not told of the error: its message may repeat what was sent

    def note(self, told: Told) -> None:
        """Add what has become known."""
        for name, value in told.items():
            if value is not None:
                self._span.set_attribute(name, value)
