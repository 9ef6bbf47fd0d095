"""The catalogue's topics, read whole by a consumer without a group, as far as one asks."""

from types import TracebackType
from typing import Self

from kafka import TopicPartition
from kafka.errors import KafkaError

from deploy.connect.kafka import open_consumer
from deploy.connect.whole import assigned, polled
from producers.catalog.told import TOPICS, Known, Marks, Told
from schemas.errors import TryAgain


class CatalogueTopics:
    """What the three topics say, from the first record on; one thread uses it."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = open_consumer(bootstrap)
        self._reader = open_consumer(bootstrap)
        self._places: list[TopicPartition] = []
        self.told = Told()

    def __enter__(self) -> Self:
        self._places = assigned(self._consumer, TOPICS)
        self.catch_up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.close()
        self._reader.close()

    def catch_up(self) -> Marks:
        """Read to the present ends, and give these. Raises `TryAgain` where the broker is away."""
        try:
            return self._caught_up()
        except KafkaError as error:
            raise TryAgain(f"the broker does not say where topics end: {error!r}") from error

    def _caught_up(self) -> Marks:
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(self._places)
        while any(self._consumer.position(place) < ends[place] for place in self._places):
            for record in polled(self._consumer.poll(timeout_ms=500)):
                self.told.fold(record)
        return {(place.topic, place.partition): end for place, end in ends.items()}

    def value(self, topic: str, known: Known) -> bytes | None:
        """Give the value of the record that *known* speaks of, None if it is gone."""
        place = TopicPartition(topic, known.partition)
        self._reader.assign([place])
        self._reader.seek(place, known.offset)
        end = self._reader.end_offsets([place])[place]
        while self._reader.position(place) < end:
            for record in polled(self._reader.poll(timeout_ms=500, max_records=1)):
                return record.value if record.offset == known.offset else None
        return None
