"""The one table of error codes: what went wrong, and the exit code it leads to.

`operations.md` 8. A code is never reused; its first two digits are its area.
"""

import msgspec

FAILED, USAGE, CONFIGURATION, NOT_FOUND, REFUSED = 1, 2, 3, 4, 5
PARTIAL, PRECONDITION, UNREACHABLE, THRESHOLD, INTERRUPTED = 6, 7, 8, 9, 130


class Code(msgspec.Struct, frozen=True):
    """One code: what happened, in a few words, and the exit code of the command."""

    what: str
    exit: int


CODES: dict[str, Code] = {
    "LW-0001": Code("our own fault", FAILED),
    "LW-0101": Code("setting missing", CONFIGURATION),
    "LW-0102": Code("unknown setting", CONFIGURATION),
    "LW-0103": Code("wrong value for a setting", CONFIGURATION),
    "LW-0104": Code("secret file refused", CONFIGURATION),
    "LW-0105": Code("configuration cannot be read", CONFIGURATION),
    "LW-0107": Code("no such role", USAGE),
    "LW-0108": Code("no such code", NOT_FOUND),
    "LW-0109": Code("command not understood", USAGE),
    "LW-0201": Code("broker unreachable", UNREACHABLE),
    "LW-0202": Code("no Kafka broker answers there", UNREACHABLE),
    "LW-0203": Code("broker refused the login", UNREACHABLE),
    "LW-0204": Code("broker not supported", UNREACHABLE),
    "LW-0205": Code("topics missing", NOT_FOUND),
    "LW-0206": Code("topics differ in what is fixed for life", REFUSED),
    "LW-0207": Code("broker refused a request", FAILED),
    "LW-0208": Code("broker gives no records", UNREACHABLE),
    "LW-0301": Code("Postgres unreachable", UNREACHABLE),
    "LW-0302": Code("Postgres refused the login", UNREACHABLE),
    "LW-0303": Code("Postgres not supported", UNREACHABLE),
    "LW-0304": Code("no Postgres answers there", UNREACHABLE),
    "LW-0401": Code("no credentials for an account", CONFIGURATION),
    "LW-0402": Code("nothing to decide about an account", NOT_FOUND),
    "LW-0410": Code("Amazon does not answer a question", UNREACHABLE),
    "LW-0501": Code("not a catalogue file", REFUSED),
    "LW-0512": Code("row refused", REFUSED),
    "LW-0515": Code("no such topic", NOT_FOUND),
    "LW-0516": Code("cannot be written", FAILED),
    "LW-0520": Code("report refused", REFUSED),
    "LW-0521": Code("report type not read", REFUSED),
    "LW-0530": Code("event refused", REFUSED),
    "LW-0531": Code("sender not known, or not proven", REFUSED),
    "LW-0532": Code("too large", REFUSED),
    "LW-0533": Code("media type or encoding not taken", REFUSED),
    "LW-0534": Code("event id used before with another body", REFUSED),
    "LW-0535": Code("cannot be taken now", UNREACHABLE),
    "LW-0536": Code("no such door", NOT_FOUND),
    "LW-0537": Code("the body did not come in time", REFUSED),
    "LW-0538": Code("file cannot be read", NOT_FOUND),
    "LW-0522": Code("no such report", NOT_FOUND),
    "LW-0540": Code("whole reading refused", REFUSED),
    "LW-0541": Code("whole reading held", PRECONDITION),
    "LW-0542": Code("no such whole reading", NOT_FOUND),
    "LW-0543": Code("shop unreachable", UNREACHABLE),
    "LW-0544": Code("shop does not let us in", CONFIGURATION),
    "LW-0545": Code("shop is read by another process", PRECONDITION),
    "LW-0601": Code("settings refused", REFUSED),
    "LW-0602": Code("command refused", REFUSED),
    "LW-0603": Code("no such store", NOT_FOUND),
    "LW-0604": Code("no such listing", NOT_FOUND),
    "LW-0605": Code("no such product", NOT_FOUND),
    "LW-0701": Code("no such group", NOT_FOUND),
    "LW-0702": Code("worker left its group", PRECONDITION),
    "LW-0703": Code("worker stopped because it was not sure", PRECONDITION),
    "LW-0704": Code("log is not the one that was read", PRECONDITION),
    "LW-0801": Code("no such dead letter", NOT_FOUND),
    "LW-0802": Code("too many records refused", REFUSED),
    "LW-0901": Code("Apache Kafka could not be fetched", UNREACHABLE),
    "LW-0902": Code("not the expected jar", REFUSED),
    "LW-0903": Code("part of the embedded stack not installed", CONFIGURATION),
    "LW-0904": Code("Apache Kafka did not start", FAILED),
    "LW-0905": Code("Postgres did not start", FAILED),
    "LW-0906": Code("data folder in use", PRECONDITION),
    "LW-0907": Code("data folder not usable", PRECONDITION),
    "LW-0908": Code("part of the embedded stack ended", FAILED),
    "LW-0909": Code("port taken", PRECONDITION),
    "LW-0910": Code("process of the pipeline did not start", FAILED),
    "LW-0911": Code("pipeline did not come to rest", FAILED),
}
"""Every code this project prints: 00 ours, 01 configuration, 02 broker, 03 Postgres, 04
Amazon, 05 contract and events, 06 settings and rules, 07 groups, 08 dead letters, 09 embedded
stack."""
