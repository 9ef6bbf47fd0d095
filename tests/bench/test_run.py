"""The arithmetic and the words of the benchmarks; none of them is run, nothing is timed."""

from collections import Counter

import msgspec
import pytest

from processors.deliver import partition_of
from schemas import codec, topics
from schemas.topics import PARTITIONS
from tests.bench import baselines, event_to_request, restart, run, shop, throughput
from tests.bench.setting_up import percentile
from tests.bench.shop import Shop


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param([], list(run.BENCHES), id="all without a name"),
        pytest.param(["restart"], ["restart"], id="one"),
        pytest.param(["restart", "throughput"], ["throughput", "restart"], id="in their order"),
    ],
)
def test_the_words_choose_the_benchmarks(words: list[str], names: list[str]) -> None:
    assert run.chosen(words) == names


def test_an_unknown_benchmark_ends_the_run_before_it_begins(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run.main(["latency"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, "no benchmark latency" in printed.err) == ("", True)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.50, 100, id="the middle"),
        pytest.param(0.99, 198, id="all but two of two hundred"),
        pytest.param(1.00, 200, id="the largest"),
        pytest.param(0.001, 1, id="never below the smallest"),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile(list(range(200, 0, -1)), share) == expected


def test_latencies_are_compared_with_the_bare_way() -> None:
    figures = event_to_request._figures([20.0] * 99 + [50.0], [5.0] * 80)

    wanted = {"p50_ms": 20.0, "p95_ms": 20.0, "p99_ms": 20.0, "n": 100, "ratio": 4.0}
    assert figures | wanted == figures


def test_throughput_is_compared_with_the_slower_baseline() -> None:
    figures = throughput._figures(1_200, 2_000, 6_000, 1_100)

    wanted = {"ours": 1_200, "faust_relay": 2_000, "kafka_to_postgres": 6_000, "ratio": 0.6}
    assert figures | wanted == figures


def test_every_change_has_a_listing_of_its_own_and_every_account_its_turn() -> None:
    targets = [event_to_request._target(k) for k in range(event_to_request.CHANGES)]

    assert len(set(targets)) == event_to_request.CHANGES
    assert set(Counter(account for _, account in targets).values()) == {25}


def test_a_change_leaves_earlier_ones_of_its_product_as_they_are() -> None:
    (account, _), record = event_to_request._priced(41)
    _, earlier = event_to_request._priced(40)

    prices = [msgspec.json.decode(r.value or b"")["prices"]["price"] for r in (record, earlier)]
    changed = [{scope for scope, amount in p.items() if amount == "11.00"} for p in prices]
    assert f"website:{shop.website(account)}" in changed[0]
    assert [len(scopes) for scopes in changed] == [2, 2]


def test_every_partition_of_every_input_has_its_record() -> None:
    probes = restart._probes()

    places = Counter((p.topic, partition_of(p.key or b"", PARTITIONS)) for p in probes)
    assert (set(places.values()), len(places)) == ({1}, 12 * PARTITIONS)
    for probe in probes:
        codec.decode(probe, topics.topic(probe.topic).event)


def test_the_baselines_records_have_the_size_asked_for() -> None:
    record = baselines.fact("LAMP-000001", 7, topic="bench.bare.v1", size=1_100)

    assert codec.size_of(record) == 1_100


def test_every_listing_of_the_stand_in_is_the_shops_at_the_right_price() -> None:
    small = Shop(accounts=2, products=3)
    listings = small.seed()["listings"]

    assert {(one["account"], one["sku"]) for one in listings} == {
        (seller, shop.sku(n)) for seller in small.sellers for n in range(3)
    }
    assert {one["price"] for one in listings} == {"10.00"}
