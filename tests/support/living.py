"""A whole pipeline with its stand-in, and what a test brings into it and asks of it."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from kafka import TopicPartition
from sqlalchemy import Engine

from consumers.postgres import read
from deploy.commands import intake, steer
from deploy.commands.session import Session
from deploy.connect.kafka import open_consumer
from deploy.connect.postgres import open_engine
from deploy.running import BY_FILE, Pipeline, Sandbox
from producers.catalog.load import Options
from tests.support.resting import rest

PATIENCE = 400.0
"""Seconds: below what a test may take, so that what is still open is told."""

REPORT = "GET_MERCHANT_LISTINGS_ALL_DATA"


class Living:
    """A running pipeline; *inside* is a command's session in it."""

    def __init__(self, pipeline: Pipeline, sandbox: Sandbox, engine: Engine) -> None:
        self.pipeline = pipeline
        self.engine = engine
        self.inside = Session(pipeline.environ, {}, None)
        self.control = httpx2.Client(base_url=sandbox.control, timeout=120)

    def apply(self, settings: str, *, prune: bool = False) -> None:
        """Apply a settings file of this text."""
        path = self.pipeline.folder / "settings.yaml"
        path.write_text(settings)
        steer.apply_settings(self.inside, path, by="test", prune=prune)

    def import_files(self, files: Sequence[Path]) -> int:
        """Import catalogue files; give how many events that were."""
        options = Options(shop="test", on_bad="stop")
        return sum(intake.import_catalogue(self.inside, f, options).events for f in files)

    def report(self, account: str, marketplace: str) -> bytes:
        """Give the report of what Amazon holds now."""
        wanted = {"account": account, "marketplace": marketplace}
        return self.control.get("/truth/report", params=wanted).content

    def import_report(self, store: str, content: bytes, as_of: datetime | None = None) -> datetime:
        """Import a report as asked for at *as_of*, a moment ago by default; give that moment."""
        path = self.pipeline.folder / f"{store}.txt"
        path.write_bytes(content)
        asked = as_of or self.inside.now() - timedelta(seconds=1)
        intake.import_report(self.inside, path, store, type_=REPORT, as_of=asked, encoding=None)
        return asked

    def rest(self) -> None:
        """Wait until nothing is left to do."""
        rest(self.pipeline, self.engine, patience=PATIENCE)

    def rows(self) -> list[tuple[Any, ...]]:
        """Give the listings in the columns in which two runs must agree."""
        with self.engine.connect() as connection:
            return read.comparable(connection)

    def asked(self) -> int:
        """Give how many requests Amazon has had so far."""
        return int(self.control.get("/requests", params={"limit": "0"}).json()["last"])

    def ends(self, topics: Sequence[str]) -> dict[str, int]:
        """Give how many records each of *topics* has had, over all its partitions."""
        with open_consumer(self.pipeline.bootstrap) as consumer:
            places = [
                TopicPartition(topic, partition)
                for topic in topics
                for partition in consumer.partitions_for_topic(topic) or ()
            ]
            found = dict.fromkeys(topics, 0)
            for place, end in consumer.end_offsets(places).items():
                found[place.topic] += end
        return found


@contextmanager
def living(folder: Path, world: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Living]:
    """Run a pipeline and a stand-in with *world* below *folder*, one process per role."""
    seed = folder / "seed.json"
    seed.write_text(json.dumps(world, default=str))
    sandbox = Sandbox(folder / "sandbox", seed=seed)
    state = {"LISTWIRE_DATA": str(folder / "state")}
    pipeline = Pipeline(
        folder / "stack",
        environ=dict(os.environ) | dict(environ) | sandbox.environ() | state,
        roles=dict.fromkeys(BY_FILE, 1),
    )
    try:
        with pipeline:
            engine = open_engine(pipeline.url, name="tests")
            try:
                yield Living(pipeline, sandbox, engine)
            finally:
                engine.dispose()
    finally:
        sandbox.stop()
