"""What single cells of an export say."""

import pytest

from producers.catalog import cells
from producers.catalog.refusal import Unfit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("color=Black,size=XS", {"color": ["Black"], "size": ["XS"]}, id="plain"),
        pytest.param(
            "note=red, white and blue,size=M",
            {"note": ["red, white and blue"], "size": ["M"]},
            id="a comma inside a value",
        ),
        pytest.param("climate=Cool|Indoor", {"climate": ["Cool", "Indoor"]}, id="several values"),
        pytest.param("note=a=b", {"note": ["a=b"]}, id="an equals sign in a value"),
        pytest.param("note=", {"note": [""]}, id="empty"),
        pytest.param(
            'color="Black",size="X,S"', {"color": ["Black"], "size": ["X,S"]}, id="quoted"
        ),
        pytest.param(
            'note="5"" x 7, tall",a="b"', {"note": ['5" x 7, tall'], "a": ["b"]}, id="both"
        ),
        pytest.param('a="x,b=y",c="z"', {"a": ["x,b=y"], "c": ["z"]}, id="a pair inside quotes"),
        pytest.param(
            'climate="Cool"|"Indoor",a="b"',
            {"climate": ["Cool", "Indoor"], "a": ["b"]},
            id="quoted list",
        ),
        pytest.param('wide="15 inch', {"wide": ['"15 inch']}, id="a quote that is only a quote"),
        pytest.param("", {}, id="nothing"),
    ],
)
def test_additional_attributes_are_read_in_both_forms(
    text: str, said: dict[str, list[str]]
) -> None:
    assert cells.attributes("additional_attributes", text) == said


@pytest.mark.parametrize("text", ["Black", "=Black", "color=Black,color=Blue", "1a=b"])
def test_additional_attributes_that_are_no_pairs_are_refused(text: str) -> None:
    with pytest.raises(Unfit):
        cells.attributes("additional_attributes", text)


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        pytest.param("D/Men,D/Women", ["D/Men", "D/Women"], id="commas"),
        pytest.param("D/Men|D/Women", ["D/Men", "D/Women"], id="bars"),
        pytest.param("D/Men, D/Women", ["D/Men", "D/Women"], id="a blank before a known root"),
        pytest.param("D/Men, Women,D", ["D/Men, Women", "D"], id="a comma inside a name"),
        pytest.param(r"D/Kids\/Babies", [r"D/Kids\/Babies"], id="a slash inside a name"),
        pytest.param("D,D", ["D"], id="twice"),
    ],
)
def test_category_paths_are_parted(text: str, paths: list[str]) -> None:
    assert cells.categories(text) == paths


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        pytest.param(" =1+1", "=1+1", id="equals"),
        pytest.param(" -5", "-5", id="minus"),
        pytest.param(" @x", "@x", id="at"),
        pytest.param("  =1", "  =1", id="two blanks are somebody's own"),
        pytest.param(" x", " x", id="a blank before a word stays"),
    ],
)
def test_the_guard_against_formulas_is_taken_off(text: str, bare: str) -> None:
    assert cells.unguarded(text) == bare


@pytest.mark.parametrize(
    ("text", "must"),
    [
        pytest.param("name=Size,type=drop_down,required=1,price=0", True, id="required"),
        pytest.param("name=Engraving,type=field,required=0", False, id="not required"),
        pytest.param("name=A,required=0|name=B,required=1", True, id="the second"),
        pytest.param("", False, id="none"),
    ],
)
def test_a_required_option_is_found(text: str, must: bool) -> None:
    assert cells.has_required_option("custom_options", text) is must
