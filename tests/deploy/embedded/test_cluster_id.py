"""A new cluster's id is a word that Kafka's own tool takes for a value."""

from deploy.embedded.kafka import cluster_id

DASHED, PLAIN = b"\xf8" * 16, b"\x01" * 16


def test_an_id_is_22_characters_of_url_safe_base64() -> None:
    assert cluster_id(lambda: PLAIN) == "AQEBAQEBAQEBAQEBAQEBAQ"


def test_an_id_that_begins_with_a_dash_is_drawn_again() -> None:
    draws = iter([DASHED, DASHED, PLAIN])

    assert cluster_id(lambda: next(draws)) == cluster_id(lambda: PLAIN)
