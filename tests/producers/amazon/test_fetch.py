"""A report's life, step by step, over an outside in memory that outlives its processes."""

from collections import Counter
from typing import Any

import pytest

from producers.amazon.fetch import step
from producers.amazon.run import Run
from producers.amazon.runs import Overtaken
from schemas import codec
from schemas.amazon import Observation, Report
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from schemas.reasons import Reason
from tests.support.failpoints import Failpoints
from tests.support.producer import Died, ListProducer
from tests.support.report_api import ALL, START, Outside, rows


def turned(outside: Outside, times: int = 12, points: Failpoints | None = None) -> None:
    """Let a process turn until nothing is due at this moment."""
    process = outside.process(points)
    for _ in range(times):
        if not process.turn():
            return


def lived(outside: Outside, **more: Any) -> Run:
    """Let one report live from the wish to its end; give its run."""
    turned(outside)
    outside.pass_time(seconds=20)
    outside.amazon.finish(**more)
    turned(outside)
    return outside.runs.find()[0]


def again(outside: Outside, **more: Any) -> Run:
    """Let the next report live, some hours later."""
    outside.pass_time(hours=2)
    return lived(outside, **more)


def markers(outside: Outside) -> list[Report]:
    found = [r for r in outside.topic.settled if r.topic == "amazon.report.v1"]
    return [m for r in found if (m := codec.decode(r, Report))]


def seen(outside: Outside, report: str = "R1") -> list[Observation]:
    found = [r for r in outside.topic.settled if r.topic == "amazon.listing.v1"]
    told = [o for r in found if (o := codec.decode(r, Observation))]
    return [o for o in told if o.report == report]


def test_a_new_store_has_its_first_report_imported() -> None:
    outside = Outside()

    run = lived(outside)

    assert (run.state, run.rows, run.report, run.as_of) == ("complete", 3, "R1", START)
    assert [o.seller_sku for o in seen(outside)] == ["L-0", "L-1", "L-2"]


def test_everybody_is_told_that_it_was_requested_and_that_it_is_complete() -> None:
    outside = Outside()

    run = lived(outside)

    assert markers(outside) == [
        Report(store="acme-de", report="R1", type=ALL, state="requested", requested_at=START),
        Report(
            store="acme-de",
            report="R1",
            type=ALL,
            state="complete",
            requested_at=START,
            data_end=run.data_end,
            as_of=START,
            rows=3,
            hash=run.hash,
            ends={"0": 4},
        ),
    ]


def test_what_a_person_should_hear_of_is_kept_though_the_report_was_taken() -> None:
    outside = Outside()
    outside.amazon.text = rows(3).replace(b"item-name", b"colour-of-money")

    run = lived(outside)

    assert (run.state, run.why) == ("complete", "unknown columns: colour-of-money")
    assert markers(outside)[-1].why is None


def test_the_complete_marker_stands_behind_the_acknowledgement_of_every_row() -> None:
    outside = Outside()
    lived(outside)

    topics = [r.topic for r in outside.topic.settled]
    assert topics == ["amazon.report.v1", *["amazon.listing.v1"] * 3, "amazon.report.v1"]


def test_a_row_that_the_broker_does_not_take_keeps_the_report_from_being_complete() -> None:
    outside = Outside()
    turned(outside)
    outside.pass_time(seconds=20)
    outside.amazon.finish()
    process = outside.process(producer=ListProducer(fails=frozenset([1])))
    for _ in range(6):
        process.turn()

    stuck = outside.runs.find()[0]
    outside.pass_time(minutes=6)
    turned(outside)

    assert (stuck.state, outside.runs.find()[0].state) == ("archived", "complete")
    assert [m.state for m in markers(outside)] == ["requested", "complete"]


def test_rows_are_as_of_the_earlier_of_request_and_data_end() -> None:
    outside = Outside()
    older = START.replace(hour=7)

    run = lived(outside, data_end=older)

    assert (run.as_of, {o.as_of for o in seen(outside)}) == (older, {older})


def test_amazons_own_word_on_when_it_was_asked_counts_more_than_a_clock_that_was_wrong() -> None:
    outside = Outside()
    outside.amazon.now = lambda: START.replace(year=2020)  # type: ignore[method-assign]

    assert lived(outside).as_of == START


def test_two_workers_that_saw_the_same_run_ask_for_one_report() -> None:
    outside = Outside()
    outside.runs.add(person(outside))
    [seen_by_both] = outside.runs.find()
    outside.process().turn()

    with pytest.raises(Overtaken):
        step(seen_by_both, outside.ports())
    assert outside.amazon.asked.count("request") == 1


def test_the_same_document_again_and_again_changes_nothing() -> None:
    outside = Outside()
    first = lived(outside)
    later = [again(outside), again(outside)]

    assert [(run.state, run.as_of) for run in later] == [("dropped", first.as_of)] * 2
    assert [run.why for run in later] == [f"the same document as report R{n}" for n in (1, 2)]
    assert [m.state for m in markers(outside)][2:] == ["requested", "refused"] * 2
    assert seen(outside, "R2") == []


def test_a_document_that_was_not_taken_before_keeps_the_age_it_had() -> None:
    outside = Outside()
    lived(outside)
    outside.amazon.text = rows(1)
    shrunk = again(outside)
    outside.runs.add(person(outside, fewer=True))
    run = lived(outside)

    assert (shrunk.state, run.state) == ("refused", "complete")
    assert run.as_of == shrunk.as_of


def person(outside: Outside, **more: Any) -> Run:
    outside.pass_time(minutes=5)
    now = outside.time
    return Run(store="acme-de", type=ALL, slot=now, account="acme-eu", wanted_at=now, due_at=now,
               by="ops", **more)  # fmt: skip


def test_a_report_whose_data_are_older_than_the_last_is_dropped() -> None:
    outside = Outside()
    lived(outside)
    outside.amazon.text = rows(4)

    run = again(outside, data_end=START.replace(hour=8))

    assert (run.state, run.why) == ("dropped", "it is not newer than report R1")


def test_a_report_that_shrank_is_refused_and_the_last_one_stays_the_measure() -> None:
    outside = Outside()
    outside.amazon.text = rows(100)
    lived(outside)
    outside.amazon.text = rows(70)
    shrunk = again(outside)
    outside.amazon.text = rows(75)
    still = again(outside)

    assert [r.state for r in (shrunk, still)] == ["refused", "refused"]
    assert "75 rows, the last accepted report had 100" in (still.why or "")
    assert seen(outside, "R2") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(b"", "0 bytes", id="57 nothing"),
        pytest.param(rows(0), "a header and no row", id="58 header only"),
        pytest.param(b"<html>sorry</html>", "a page", id="60 a page with status 200"),
    ],
)
def test_a_document_that_is_no_report_is_refused_with_its_reason(text: bytes, why: str) -> None:
    outside = Outside()
    outside.amazon.text = text

    run = lived(outside)

    assert (run.state, why in (run.why or "")) == ("refused", True)
    assert [m.state for m in markers(outside)] == ["requested", "refused"]
    assert markers(outside)[-1].why == run.why


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        pytest.param({"status": "CANCELLED"}, "Amazon cancelled it", id="CANCELLED"),
        pytest.param({"document": None}, "without a document", id="DONE without a document"),
        pytest.param({"mine": False}, "another marketplace's", id="76 another marketplace's"),
        pytest.param({"type": "GET_MERCHANT_LISTINGS_DATA"}, "another type", id="another type"),
    ],
)
def test_what_gives_no_rows_ends_with_its_reason(stated: dict[str, Any], why: str) -> None:
    outside = Outside()

    run = lived(outside, **stated)

    assert (run.state, why in (run.why or "")) == ("refused", True)
    assert seen(outside) == []


def test_an_aborted_report_is_asked_for_once_more_and_then_refused() -> None:
    outside = Outside()
    first = lived(outside, status="FATAL")
    outside.pass_time(seconds=20)
    outside.amazon.finish("FATAL")
    outside.pass_time(seconds=20)
    turned(outside)

    assert (first.state, first.report) == ("requested", "R2")
    assert outside.runs.find()[0].state == "refused"
    assert outside.amazon.asked.count("request") == 2


def test_a_report_that_is_never_finished_is_given_up() -> None:
    outside = Outside()
    turned(outside)
    outside.pass_time(hours=49)
    turned(outside, 1)

    run = outside.runs.find()[0]
    assert (run.state, run.why) == ("refused", "still IN_QUEUE after 48 hours")


def test_a_status_that_nobody_has_heard_of_means_not_yet() -> None:
    outside = Outside()

    assert lived(outside, status="PONDERING").state == "requested"


def test_a_notification_makes_it_be_looked_at_at_once() -> None:
    outside = Outside()
    turned(outside)
    outside.amazon.finish()
    waiting = outside.runs.find()[0]
    told = outside.runs.finished("acme-eu", "R1")
    turned(outside)

    assert (waiting.state, told, outside.runs.find()[0].state) == ("requested", True, "complete")


def test_a_request_whose_answer_was_lost_is_found_and_not_repeated() -> None:
    outside = Outside()
    outside.amazon.lost_after["request"] = [Unanswered("time-out")]
    turned(outside)
    outside.pass_time(seconds=16)

    run = lived(outside)

    assert (run.state, run.report, len(outside.amazon.reports)) == ("complete", "R1", 1)


def test_a_request_that_never_arrived_is_made_again() -> None:
    outside = Outside()
    outside.amazon.failures["request"] = [Unanswered("time-out")]
    turned(outside)
    outside.pass_time(seconds=16)

    assert lived(outside).report == "R1"
    assert outside.amazon.asked[:3] == ["request", "listed", "request"]


def test_a_throttled_request_is_made_later_without_looking_for_it() -> None:
    outside = Outside()
    outside.amazon.failures["request"] = [outside.busy()]
    turned(outside)
    early = list(outside.amazon.asked)
    outside.pass_time(seconds=8)
    turned(outside)

    assert (early, outside.amazon.asked[:2]) == (["request"], ["request", "request"])


def test_a_request_that_amazon_refuses_is_refused() -> None:
    outside = Outside()
    reason = Reason("AMAZON_REJECTED", {"status": "400", "message": "no"})
    outside.amazon.failures["request"] = [Refused(reason)]
    turned(outside)

    assert outside.runs.find()[0].state == "refused"
    assert [(m.state, m.report) for m in markers(outside)] == [
        ("refused", f"run:{ALL}:2026-11-25T10:00:00+00:00")
    ]


def test_an_account_that_is_turned_away_is_left_alone_with_all_its_runs() -> None:
    outside = Outside("acme-de", "acme-fr")
    outside.amazon.failures["request"] = [NotAllowed("403")] * 2
    process = outside.process()
    for _ in range(3):
        process.turn()
        outside.pass_time(minutes=1)
    early = outside.amazon.asked.count("request")
    outside.pass_time(minutes=15)
    process.turn()

    assert (early, outside.amazon.asked.count("request")) == (2, 4)


def test_a_download_that_fails_is_tried_again() -> None:
    outside = Outside()
    outside.amazon.failures["fetch"] = [TryAgain("reset"), TryAgain("expired")]
    lived(outside)
    for _ in range(2):
        outside.pass_time(minutes=1)
        turned(outside)

    assert outside.runs.find()[0].state == "complete"


def test_a_document_that_the_archive_lost_is_downloaded_again() -> None:
    outside = Outside()
    points = Failpoints("reports.archive.local.before")
    turned(outside)
    outside.pass_time(seconds=20)
    outside.amazon.finish()
    with pytest.raises(Died):
        turned(outside, points=points)
    outside.archive.kept.clear()
    turned(outside)

    assert outside.runs.find()[0].state == "complete"
    assert outside.amazon.asked.count("fetch") == 2


def test_a_fault_of_ours_ends_one_report_and_no_other() -> None:
    outside = Outside("acme-de", "acme-fr")
    outside.amazon.failures["told"] = [KeyError("x")] * 5
    for _ in range(5):
        turned(outside)
        outside.pass_time(seconds=30)

    states = {r.store: r.state for r in outside.runs.find()}
    assert "refused" in states.values()
    assert "our own fault: KeyError('x')" in {r.why for r in outside.runs.find()}


def test_a_store_that_is_gone_from_the_settings_ends_its_run() -> None:
    outside = Outside("acme-de", "acme-fr")
    turned(outside)
    outside.settings = Outside("acme-de").settings
    outside.pass_time(seconds=30)
    turned(outside)

    assert {r.store: r.state for r in outside.runs.find()}["acme-fr"] == "refused"


# --- killed anywhere ------------------------------------------------------------------------


def points_of_a_life() -> dict[str, int]:
    """Give every point that an undisturbed life passes, and how often."""
    outside, points = Outside(), Failpoints()
    turned(outside, points=points)
    outside.pass_time(seconds=20)
    outside.amazon.finish()
    turned(outside, points=points)
    return dict(points.passed)


@pytest.mark.parametrize("point", sorted(points_of_a_life()))
def test_killed_at_any_point_nothing_is_lost_and_nothing_doubled(point: str) -> None:
    for nth in range(1, points_of_a_life()[point] + 1):
        outside = Outside()
        points = Failpoints(point, nth)
        struck = 0
        for _ in range(2):
            try:
                turned(outside, points=points)
            except Died:
                struck += 1
                points = Failpoints()
                outside.pass_time(seconds=1)
                turned(outside)
            outside.pass_time(seconds=20)
            if outside.amazon.reports and not outside.amazon.documents:
                outside.amazon.finish()
        outside.pass_time(seconds=40)
        turned(outside)

        assert struck == 1, (point, nth)
        assert judged(outside) == CALM, (point, nth)


def judged(outside: Outside) -> dict[str, Any]:
    """Give what must be the same after every life, killed or not."""
    records = outside.topic.settled
    ids = Counter((r.topic, codec.header(r, "ce_id"), r.value) for r in records)
    per_id = Counter((topic, id_) for topic, id_, _ in ids)
    run = outside.runs.find()[0]
    last_row = max(n for n, r in enumerate(records) if r.topic == "amazon.listing.v1")
    early = [r for r in records[:last_row] if r.topic == "amazon.report.v1"]
    return {
        "state": run.state,
        "requests": len(outside.amazon.reports),
        "rows": sorted({o.seller_sku for o in seen(outside)}),
        "ages": len({o.as_of for o in seen(outside)}),
        "events": len(per_id),
        "one id, two contents": [key for key, count in per_id.items() if count > 1],
        "complete before its rows": [
            m for r in early if (m := codec.decode(r, Report)) and m.state != "requested"
        ],
        "runs": len(outside.runs.rows),
        "archived": len(outside.archive.kept),
    }


def undisturbed() -> dict[str, Any]:
    outside = Outside()
    lived(outside)
    return judged(outside)


CALM = undisturbed()
