"""A file as part of a whole reading: which products it has, and what came live meanwhile."""

from pathlib import Path

import pytest

from schemas.record import Record
from tests.support.bad_input import line
from tests.support.loading import edge, loaded, written
from tests.support.producer import ListProducer

HEAD = "sku,product_type,product_websites,name,price,qty,store_view_code\n"


def seen_in(path: Path) -> list[str]:
    seen: list[str] = []
    loaded(path, at=edge(seen=seen.append), on_bad="skip")
    return seen


def test_each_product_of_a_file_is_seen_a_view_s_row_is_none(tmp_path: Path) -> None:
    rows = "A,simple,base,Lamp,1,1,\nA,,,Lampe,,,de\nB,simple,base,Pen,1,1,\n"

    assert seen_in(written(tmp_path, HEAD + rows)) == ["A", "B"]


def test_a_product_whose_row_is_refused_is_there_all_the_same(tmp_path: Path) -> None:
    rows = "A,simple,base,Lamp,x,1,\nB,simple,base,Pen,1,1,\n"

    assert seen_in(written(tmp_path, HEAD + rows)) == ["A", "B"]


@pytest.mark.parametrize(
    ("topic", "data", "seen"),
    [
        pytest.param("catalog.product.v1", b'{"sku": "A"}', ["A"], id="a product"),
        pytest.param("catalog.product.v1", b"null", [], id="a delete"),
        pytest.param("catalog.price.v1", b'{"sku": "A", "prices": {}}', [], id="a price alone"),
    ],
)
def test_a_line_that_tells_of_a_product_is_one(
    tmp_path: Path, topic: str, data: bytes, seen: list[str]
) -> None:
    path = written(tmp_path, line(topic, "A", data, 1), "events.jsonl")

    assert seen_in(path) == seen


def test_what_came_live_meanwhile_is_not_told_over(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "A,simple,base,Lamp,1,1,\nB,simple,base,Pen,1,1,\n")
    producer = ListProducer()

    def overtaken(topic: str, sku: str) -> bool:
        return (topic, sku) == ("catalog.product.v1", "A")

    loaded(path, producer=producer, at=edge(overtaken=overtaken))

    assert [told(r) for r in producer.taken] == [
        ("catalog.stock.v1", b"A"),
        ("catalog.price.v1", b"A"),
        ("catalog.product.v1", b"B"),
        ("catalog.stock.v1", b"B"),
        ("catalog.price.v1", b"B"),
    ]


def told(record: Record) -> tuple[str, bytes | None]:
    return record.topic, record.key
