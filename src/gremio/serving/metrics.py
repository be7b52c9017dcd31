"""What Prometheus is told."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA = CONTENT_TYPE_LATEST
_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """Of one service, with a registry of its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("gremio_requests", "Requests answered.", ["method", "status"], registry=registry)
        self._jobs = Counter("gremio_jobs", "Calls that are over.", ["pipeline", "state"], registry=registry)
        took = "Time of a call that was drawn."
        self._seconds = Histogram("gremio_drawing_seconds", took, ["pipeline"], buckets=_BUCKETS, registry=registry)
        self._refused = Counter("gremio_refused", "Calls refused for a full line.", registry=registry)
        self._lost = Counter("gremio_lost_processes", "Processes lost while they drew.", registry=registry)

    def watch(self, **gauges: Callable[[], float]) -> None:
        """Numbers that are asked for when they are told: ``waiting``, ``drawing``, ``kept_bytes``."""
        for name, value in gauges.items():
            Gauge(f"gremio_{name}", f"Now: {name.replace('_', ' ')}.", registry=self._registry).set_function(value)

    def answered(self, method: str, status: int) -> None:
        """A request was."""
        known = method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
        self._requests.labels(known, str(status)).inc()

    def ended(self, pipeline: str, state: str, seconds: float | None = None) -> None:
        """A job is over."""
        self._jobs.labels(pipeline, state).inc()
        if seconds is not None and state == "done":
            self._seconds.labels(pipeline).observe(seconds)

    def refused(self) -> None:
        """There was no room."""
        self._refused.inc()

    def lost(self) -> None:
        """A process was."""
        self._lost.inc()

    def text(self) -> bytes:
        """All of it."""
        return generate_latest(self._registry)
