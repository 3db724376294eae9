"""``GET /metrics``: what this node, or all workers behind this port, have counted, for Prometheus.

The text is made when somebody asks, by the collector below; nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from aiohttp import HttpVersion11, web
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from spectator.server.access import bearer_of, caller_of
from spectator.server.hosts import Authority, from_loopback, peer_of
from spectator.server.keys import HOST, MANAGER, METER, SETTINGS
from spectator.server.metered import METRICS, PROCESS_TOLD, Kind, Reading
from spectator.server.policy import METRICS_READER, check_credential
from spectator.server.problems import PageNotFound
from spectator.server.siblings import JSON, readings

_FORWARDED: Final = (
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "Forwarded",
    "Via",
)
"""Headers by which a proxy shows itself: what comes through one does not come from this machine."""

_FAMILIES: Final[Mapping[Kind, type[Any]]] = {
    "counter": CounterMetricFamily,
    "gauge": GaugeMetricFamily,
    "histogram": HistogramMetricFamily,
}


async def show(request: web.Request) -> web.Response:
    """The numbers as text; to a sibling on its private socket as JSON.

    Raises:
        Unauthorized, NotAllowed: whoever asks is not on this machine and shows no operator key.
        PageNotFound: ``SPECTATOR_METRICS=off``.
    """
    await _check(request)
    own = request.app[METER].read()
    accepted = request.headers.get("Accept", "")
    if _over_unix(request) and accepted == JSON:
        return web.Response(body=json.dumps(own).encode(), content_type=JSON)
    worker = request.app[MANAGER].worker
    found = {"": own}
    if worker.of > 1:
        found = dict(sorted({str(worker.number): own, **await readings(worker)}.items()))
    encode, content_type = choose_encoder(accepted)
    # A millisecond for each process: not in the loop that feeds the viewers.
    text = await asyncio.to_thread(encode, _registry(found))
    return web.Response(body=text, headers={"Content-Type": content_type})


async def _check(request: web.Request) -> None:
    allowed = request.app[SETTINGS].metrics
    if allowed == "off":
        raise PageNotFound
    if allowed == "open" or _over_unix(request) or _from_here(request):
        return
    check_credential(METRICS_READER, await caller_of(request, bearer_of(request)))


def _over_unix(request: web.Request) -> bool:
    """Whether it came over a socket in a folder of ours, which nobody else can open."""
    found = request.transport.get_extra_info("socket") if request.transport is not None else None
    return found is not None and found.family == socket.AF_UNIX


def _from_here(request: web.Request) -> bool:
    """Whether a program of this machine asks, and no proxy of this machine for somebody elsewhere.

    A server that is set up for a proxy believes no loopback address; one that is not may still stand behind
    one, which shows by what proxies add or, added nothing, by the old HTTP that they speak by default.
    """
    if request.app[SETTINGS].behind_proxy or not from_loopback(peer_of(request)):
        return False
    asked = Authority.parse(request.get(HOST, ""))
    plain = request.version >= HttpVersion11 and not any(name in request.headers for name in _FORWARDED)
    return plain and asked is not None and asked.loopback


def _registry(readings: Mapping[str, Reading]) -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collected(readings))
    return registry


class Collected(Collector):
    """Readings as prometheus-client wants them.

    Args:
        readings: by worker; a single one under the empty name carries no label ``worker``.
    """

    def __init__(self, readings: Mapping[str, Reading]) -> None:
        self._readings = readings
        self._several = set(readings) != {""}

    def collect(self) -> Iterator[Family]:
        """The families in the order of the table, then those of the process."""
        known = set()
        for metric in METRICS:
            known.add(metric.name)
            yield self._family(metric.name, metric.kind, metric.told, metric.labels)
        rest = dict.fromkeys(name for one in self._readings.values() for name in one if name not in known)
        for name in rest:
            yield self._family(name, "counter" if name.endswith("_total") else "gauge", PROCESS_TOLD, ())

    def _family(self, name: str, kind: Kind, told: str, labels: Iterable[str]) -> Family:
        more = ("worker",) if self._several else ()
        family: Any = _FAMILIES[kind](name, told, labels=(*labels, *more))
        for worker, reading in self._readings.items():
            for values, number in reading.get(name, ()):
                given = [*values, worker] if self._several else values
                if kind == "histogram":
                    family.add_metric(given, *_buckets(number))
                else:
                    family.add_metric(given, number)
        found: Family = family
        return found


def _buckets(number: Mapping[str, Any]) -> tuple[list[tuple[str, float]], float]:
    """Cumulative counts by upper bound, and the sum of all values."""
    bounds = [*(repr(float(bound)) for bound in number["bounds"]), "+Inf"]
    return list(zip(bounds, accumulate(number["counts"]), strict=True)), number["total"]
