"""The tabs and statuses of a listing (`listings.md` 4.1)."""

from enum import Enum


class Tab(str, Enum):
    """Where a listing is shown; `in_process` and `not_listed` are in no tab."""

    ACTIVE = "active"
    READY_TO_LIST = "ready_to_list"
    INACTIVE = "inactive"
    INELIGIBLE = "ineligible"
    INCOMPLETE = "incomplete"
    ENDED = "ended"
    NEW_THIRD_PARTY = "new_third_party"
    IN_PROCESS = "in_process"
    NOT_LISTED = "not_listed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Tab":  # noqa: ARG003
        return cls.UNKNOWN


class Status(str, Enum):
    """The exact state of a listing (`listings.md` 4.1)."""

    MISSING_CONDITION = "missing_condition"
    UNABLE_TO_ASSIGN = "unable_to_assign"
    MULTIPLE_MATCHES = "multiple_matches"
    HAS_VARIANTS = "has_variants"
    MISSING_INFORMATION = "missing_information"
    AWAITING_ASSIGNMENT = "awaiting_assignment"
    READY = "ready"
    LIST_IN_PROGRESS = "list_in_progress"
    VALIDATING_ASIN = "validating_asin"
    GENERAL_SEARCH = "general_search"
    INACTIVE = "inactive"
    ACTIVE = "active"
    RELIST_IN_PROGRESS = "relist_in_progress"
    REMOVAL_PENDING = "removal_pending"
    INELIGIBLE = "ineligible"
    ENDING_IN_PROGRESS = "ending_in_progress"
    MANUALLY_ENDED = "manually_ended"
    ENDED_ON_AMAZON = "ended_on_amazon"
    NOT_LISTED = "not_listed"
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> "Status":  # noqa: ARG003
        return cls.UNKNOWN
