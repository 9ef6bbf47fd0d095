"""The table and the traps of `listings.md` 15.1, line by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import identifiers
from schemas.identifiers import Gtin, MalformedIdentifier, claim, normalise

VALID = [
    pytest.param("upc", "036000291452", "00036000291452", id="UPC"),
    pytest.param("upc", "847999000143", "00847999000143", id="UPC without leading zeros"),
    pytest.param("upc", "000050097425", "00000050097425", id="UPC with four leading zeros"),
    pytest.param("ean", "4006381333931", "04006381333931", id="EAN"),
    pytest.param("ean", "9780131177055", "09780131177055", id="a book's EAN"),
    pytest.param("isbn", "9780131177055", "09780131177055", id="ISBN-13"),
    pytest.param("isbn", "374122815X", "09783741228155", id="ISBN-10 with X"),
    pytest.param("isbn", "374122815x", "09783741228155", id="ISBN-10 with lower-case x"),
    pytest.param("isbn", "3-7412-2815-X", "09783741228155", id="hyphenated ISBN"),
    pytest.param("upc-e", "04252614", "00042100005264", id="UPC-E declared"),
    pytest.param("upc", "04252614", "00042100005264", id="UPC-E declared as UPC"),
    pytest.param("gtin", "04252614", "00042100005264", id="UPC-E, nothing declared"),
    pytest.param("upc-e", "01234505", "00012000003455", id="UPC-E ending in 0"),
    pytest.param("gtin", "01234505", "00012000003455", id="UPC-E ending in 0, nothing declared"),
    pytest.param("ean", "40123455", "00000040123455", id="EAN-8"),
    pytest.param("gtin", "40123455", "00000040123455", id="EAN-8, nothing declared"),
    pytest.param("upc", "０３６０００２９１４５２", "00036000291452", id="full-width digits"),
    pytest.param("upc", "036000291452\t", "00036000291452", id="trailing tab"),
    pytest.param("upc", "\u00a0036000291452", "00036000291452", id="no-break space"),
    pytest.param("upc", "0 36000 29145 2", "00036000291452", id="printed with blanks"),
    pytest.param("ean", "0036000291452", "00036000291452", id="the UPC as an EAN"),
    pytest.param("gtin", "00036000291452", "00036000291452", id="the UPC as a GTIN-14"),
    pytest.param("upc", "0036000291452", "00036000291452", id="an EAN under UPC"),
    pytest.param("jan", "4901234567894", "04901234567894", id="JAN"),
    pytest.param("gtin", "10036000291459", "10036000291459", id="a case of units"),
]

INVALID = [
    pytest.param("upc", "045678912345", "check digit should be 7", id="UPC, wrong check digit"),
    pytest.param("upc", "000131177052", "check digit should be 3", id="zero-filled ISBN-10"),
    pytest.param("gtin", "04158387", "ambiguous: UPC-E of 041583000087", id="two readings"),
    pytest.param("ean", "04252614", "check digit should be 0", id="a UPC-E declared EAN"),
    pytest.param("ean", "01234505", "check digit should be 3", id="another one declared EAN"),
    pytest.param("upc", "40123455", "starts with 0 or 1", id="an EAN-8 declared UPC"),
    pytest.param("upc", "212345678909", "restricted", id="in-store UPC 2"),
    pytest.param("upc", "412345678903", "restricted", id="in-store UPC 4"),
    pytest.param("ean", "2012345678903", "restricted", id="in-store EAN 20"),
    pytest.param("upc", "36000291452", "it is 036000291452", id="11 digits: a suggestion"),
    pytest.param("upc", "36000291453", "11 digits, not", id="11 digits: nothing to suggest"),
    pytest.param("ean", "0000000000000", "zeros only", id="13 zeros"),
    pytest.param("ean", "4006381330039.0", "no digit", id="a spreadsheet's fraction"),
    pytest.param("ean", "4.00638E+12", "no digit", id="a spreadsheet's exponent"),
    pytest.param("upc", "٠٣٦٠٠٠٢٩١٤٥٢", "no digit", id="Arabic-Indic digits"),
    pytest.param("ean", "10036000291459", "case of several", id="a case declared EAN"),
    pytest.param("isbn", "4006381333931", "978 or 979", id="an EAN declared ISBN"),
    pytest.param("isbn", "3741228151", "check digit should be X", id="ISBN-10, wrong check digit"),
    pytest.param("isbn", "37412X8151", "a tenth, or X", id="X inside an ISBN-10"),
    pytest.param("asin", "b000000000", "upper-case", id="lower-case ASIN"),
    pytest.param("asin", "B00000000", "10 upper-case", id="ASIN of nine"),
    pytest.param("asin", "B0000000000", "10 upper-case", id="ASIN of eleven"),
    pytest.param("asin", "B000000000\n", "10 upper-case", id="ASIN with a line end"),
    pytest.param("upc", "", "0 digits", id="nothing"),
]


@pytest.mark.parametrize(("kind", "typed", "gtin14"), VALID)
def test_a_valid_identifier_is_compared_as_gtin_14(kind: str, typed: str, gtin14: str) -> None:
    claimed = claim(kind, typed)

    assert (claimed.gtin14, claimed.invalid) == (gtin14, None)


@pytest.mark.parametrize(("kind", "typed", "why"), INVALID)
def test_an_invalid_identifier_says_why_and_stays_as_typed(kind: str, typed: str, why: str) -> None:
    claimed = claim(kind, typed)

    assert why in (claimed.invalid or "")
    assert "restricted" in (claimed.invalid or "") or claimed.value == typed


@pytest.mark.parametrize("typed", ["0131177052", "B07XJ8C8F5", "000131705X"])
def test_an_asin_may_be_a_number_begin_with_zero_or_end_in_x(typed: str) -> None:
    assert (claim("asin", typed).value, claim("asin", typed).invalid) == (typed, None)


def test_an_isbn_13_of_978_has_an_isbn_10() -> None:
    assert identifiers.isbn10("9780131177055") == "0131177052"


def test_an_isbn_13_of_979_has_none() -> None:
    assert identifiers.isbn10("9791034732715") is None


def test_a_upc_e_is_asked_for_as_the_upc_it_stands_for() -> None:
    assert claim("upc", "04252614").value == "042100005264"


@pytest.mark.parametrize(
    ("six", "wide"),
    [
        ("123450", "1200000345"),
        ("123451", "1210000345"),
        ("123452", "1220000345"),
        ("123453", "1230000045"),
        ("123454", "1234000005"),
        ("123455", "1234500005"),
        ("123459", "1234500009"),
    ],
)
def test_each_last_digit_of_a_upc_e_widens_in_its_way(six: str, wide: str) -> None:
    upc = "0" + wide + identifiers.check_digit("0" + wide)

    assert identifiers.expand("0" + six + upc[-1]) == upc


def test_twelve_digits_declared_ean_are_a_upc() -> None:
    assert claim("ean", "036000291452").kind == "upc"


def test_a_gcid_is_never_searched_for() -> None:
    claimed = claim("gcid", "1234567890ABCDEF")

    assert not identifiers.searchable(claimed)
    assert identifiers.identifier(claimed) is None


@pytest.mark.parametrize(
    ("kind", "typed", "key"),
    [
        ("upc", "036000291452", "gtin:00036000291452"),
        ("asin", "B07XJ8C8F5", "asin:B07XJ8C8F5"),
        ("upc", "045678912345", None),
        ("ean", "2012345678903", None),
    ],
)
def test_only_a_valid_identifier_can_be_matched(kind: str, typed: str, key: str | None) -> None:
    assert identifiers.identifier(claim(kind, typed)) == key


def test_a_number_that_is_none_cannot_be_made() -> None:
    with pytest.raises(MalformedIdentifier, match="should be 2"):
        Gtin("036000291453")


@given(st.text(alphabet="0123456789", min_size=7, max_size=13).filter(lambda d: d.strip("0")))
def test_a_check_digit_makes_a_number_of_every_length_valid(digits: str) -> None:
    if len(digits) in (7, 11, 12, 13):
        assert Gtin(digits + identifiers.check_digit(digits)).gtin14.endswith(
            digits[-3:] + identifiers.check_digit(digits)
        )


@given(
    st.sampled_from(["upc", "ean", "isbn", "asin", "gtin", "jan", "gcid", "upc-e", ""]),
    st.text(max_size=40),
)
def test_any_text_is_judged_and_none_is_refused(kind: str, typed: str) -> None:
    claimed = claim(kind, typed)

    assert claimed.invalid is not None or kind in ("gcid", "asin") or claimed.gtin14


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing_of_a_number(typed: str) -> None:
    once = normalise(typed)

    assert normalise(once) == once or not once.isascii()
