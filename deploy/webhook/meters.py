"""What the webhook counts, per source; sources are the deployment's, so labels are bounded."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from deploy.webhook.room import Room

STRANGER = "unknown"
"""The source of a request that names none of ours."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Meters:
    """Counters and gauges of one webhook process."""

    def __init__(self, room: Room) -> None:
        self._registry = CollectorRegistry()
        self.events = Counter(
            "listwire_webhook_events_total",
            "Events by source and what became of them: accepted, repeated, refused.",
            ("source", "outcome"),
            registry=self._registry,
        )
        self.refusals = Counter(
            "listwire_webhook_refusals_total",
            "Requests that were not taken, by source and code.",
            ("source", "code"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "listwire_webhook_acknowledged_seconds",
            "From the whole body to the broker's acknowledgement.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=self._registry,
        )
        held = Gauge(
            "listwire_webhook_unacknowledged_records",
            "Records that the broker has not acknowledged yet; at most 5,000.",
            registry=self._registry,
        )
        held.set_function(lambda: room.records)
        size = Gauge(
            "listwire_webhook_held_bytes",
            "Bytes of bodies and unacknowledged records; at most 16 MiB.",
            registry=self._registry,
        )
        size.set_function(lambda: room.size)

    def text(self) -> bytes:
        """Give all of it in Prometheus' text form."""
        return generate_latest(self._registry)
