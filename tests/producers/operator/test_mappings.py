"""Import mappings of a settings file: each mistake with its line, and what clears itself."""

import pytest

from tests.producers.operator.test_settings import HEAD, applied, changes, wrong

HERE = HEAD + "attribute:\n  wide: {scope: global}\n  brand: {scope: store_view}\n"
FIRST = HERE.count("\n") + 2


def mapped(*rows: str) -> str:
    return HERE + "import_mapping:\n" + "".join(f"  {row}\n" for row in rows)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("DE/Brand: {target: amazon_brand}", id="as records.md has it"),
        pytest.param("UK/item_weight.value: {target: weight_gb}", id="a way into parts"),
        pytest.param("A1PA6795UKMFR9/Brand: {target: b}", id="Amazon's id of the marketplace"),
        pytest.param("DE/Brand: {target: brand, scope: all}", id="every view"),
        pytest.param("DE/Brand: {target: brand, scope: 'view:fr'}", id="one view"),
        pytest.param("DE/Brand: {target: brand, scope: ['view:fr', 'view:default']}", id="some"),
        pytest.param("DE/Brand: {target: wide}", id="a global attribute, globally"),
    ],
)
def test_a_sound_mapping_is_applied(row: str) -> None:
    assert len(applied(mapped(row)).of("import_mapping")) == 1


@pytest.mark.parametrize(
    ("row", "place", "says"),
    [
        pytest.param("DE/Brand Name: {target: b}", "", "no attribute's name", id="name"),
        pytest.param("DE/Brand: {target: Amazon Brand}", ".target", "lower-case", id="code"),
        pytest.param("DE/Brand: {target: ''}", ".target", "lower-case", id="no target"),
        pytest.param("DE/ListingPrice: {target: price}", ".target", "no place", id="price"),
        pytest.param("DE/Image: {target: image}", ".target", "no place", id="files"),
        pytest.param("DE/Brand: {target: b, scope: fr}", ".scope", "'view:fr'", id="no view: fr"),
        pytest.param("DE/Brand: {target: b, scope: 'view:de'}", ".scope", "no scope", id="view"),
        pytest.param("DE/Brand: {target: b, scope: []}", ".scope", "at least one", id="no view"),
        pytest.param(
            "DE/Brand: {target: b, scope: ['view:fr', all]}", ".scope[1]", "no scope", id="mixed"
        ),
        pytest.param(
            "DE/Brand: {target: b, scope: ['view:fr', 'view:fr']}", ".scope[1]", "twice", id="twice"
        ),
        pytest.param(
            "DE/Brand: {target: wide, scope: all}", ".scope", "is global", id="global attribute"
        ),
        pytest.param("DE/Brand: {target: b, overwrte: true}", ".overwrte", "overwrite", id="typo"),
    ],
)
def test_a_mistake_is_named_with_its_line(row: str, place: str, says: str) -> None:
    name = row.partition(": ")[0]

    (found,) = wrong(mapped(row))

    assert (found.line, found.path) == (FIRST, f"import_mapping.{name}{place}")
    assert says in found.rule


@pytest.mark.parametrize(
    ("rows", "place", "says"),
    [
        pytest.param(
            ["DE/Brand: {target: a}", "DE/brand: {target: b}"], "", "same attribute", id="spelling"
        ),
        pytest.param(
            ["A1PA6795UKMFR9/Brand: {target: a}", "DE/Brand: {target: b}"],
            "",
            "same attribute",
            id="marketplace by id and country",
        ),
        pytest.param(
            ["DE/Brand: {target: a}", "DE/Label: {target: a}"], ".target", "same scope", id="target"
        ),
        pytest.param(
            ["DE/Brand: {target: a, scope: all}", "DE/Label: {target: a, scope: ['view:fr']}"],
            ".target",
            "same scope",
            id="target in one view of all",
        ),
    ],
)
def test_two_for_one_place_are_refused_at_the_second(
    rows: list[str], place: str, says: str
) -> None:
    (found,) = wrong(mapped(*rows))

    name = rows[1].partition(": ")[0]
    assert (found.line, found.path) == (FIRST + 1, f"import_mapping.{name}{place}")
    assert says in found.rule


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(["DE/Brand: {target: a}", "FR/Brand: {target: a}"], id="two countries"),
        pytest.param(
            ["DE/Brand: {target: a}", "DE/Label: {target: a, active: false}"], id="one not active"
        ),
        pytest.param(
            ["DE/Brand: {target: a}", "DE/Label: {target: a, scope: 'view:fr'}"], id="two scopes"
        ),
        pytest.param(
            [
                "DE/Brand: {target: a, scope: 'view:default'}",
                "DE/Label: {target: a, scope: 'view:fr'}",
            ],
            id="two views",
        ),
    ],
)
def test_two_that_leave_each_other_alone_are_applied(rows: list[str]) -> None:
    assert len(applied(mapped(*rows)).of("import_mapping")) == 2


@pytest.mark.parametrize("scope", ["all", "'view:fr'", "['view:fr']"])
def test_a_scope_that_was_created_global_stays_so(scope: str) -> None:
    known = applied(mapped("DE/Brand: {target: brand}"))

    (found,) = wrong(mapped(f"DE/Brand: {{target: brand, scope: {scope}}}"), known)

    assert (found.path, "for good" in found.rule) == ("import_mapping.DE/Brand.scope", True)


def test_a_scope_of_views_may_change_and_become_global() -> None:
    known = applied(mapped("DE/Brand: {target: brand, scope: all}"))

    known = applied(mapped("DE/Brand: {target: brand, scope: 'view:fr'}"), known)
    known = applied(mapped("DE/Brand: {target: brand}"), known)

    assert known.of("import_mapping")["DE/Brand"].scope == "global"


def test_a_mapping_whose_attribute_is_deleted_clears_itself() -> None:
    known = applied(mapped("DE/Brand: {target: brand}", "DE/Label: {target: other}"))

    told = changes("attribute:\n  brand: null\n", known)

    assert sorted((kind, id_, gone) for kind, id_, gone, _ in told) == [
        ("attribute", "brand", True),
        ("import_mapping", "DE/Brand", True),
    ]


def test_a_mapping_whose_attribute_is_pruned_clears_itself() -> None:
    known = applied(mapped("DE/Brand: {target: brand}"))

    told = changes("attribute:\n  wide: {scope: global}\n", known, prune=True)

    assert ("import_mapping", "DE/Brand", True, 2) in told
