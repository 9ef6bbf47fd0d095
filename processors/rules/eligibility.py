"""The listing rule: a tree compiled once, its answer, and the leaf that decided.

`listings.md` 7.1 and 7.2. A leaf whose value is missing is false for every operator but *is
undefined*. An empty combination is true. `verdict` is tests 1-5 of 7.3.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

from processors.rules import comparison
from processors.rules.scopes import Values, texts
from schemas.catalog import Category, Value
from schemas.settings import Attribute, Operand, RuleNode

Holds = Callable[[Values], bool]

TYPES = {"sku": "sku", "category": "category", "attribute_set": "attribute_set"}
"""What a rule may ask for that is no attribute of settings, and how it compares."""

ALIASES = {"category_ids": "category", "attribute_set_id": "attribute_set", "type_id": "type"}
"""The shop's own names for them."""


class Leaf:
    """One condition: attribute, operator, operand; *holds* is compiled."""

    __slots__ = ("attribute", "holds", "operator", "options", "path", "seen", "wanted")

    def __init__(
        self, node: RuleNode, path: str, attributes: Mapping[str, Attribute], zone: tzinfo
    ):
        code = node.attribute or ""
        self.path = path
        self.attribute = ALIASES.get(code, code)
        self.operator, self.wanted = next(iter(node.operators().items()))
        known = attributes.get(self.attribute)
        kind = TYPES.get(self.attribute, known.type if known else "text")
        self.options: dict[str, str] = known.options if known else {}
        self.seen = _categories if kind == "category" else _attribute(self.attribute)
        self.holds: Holds = self._compiled(kind, known, zone)

    def _compiled(self, kind: str, known: Attribute | None, zone: tzinfo) -> Holds:
        if self.operator == "is_undefined":
            return _undefined(self.seen, self.wanted)
        test = comparison.test_of(kind, self.operator, self.wanted, attribute=known, zone=zone)
        seen = self.seen

        def holds(values: Values) -> bool:
            found = seen(values)
            return bool(found) and found != [""] and test(found)

        return holds


class Combination:
    """Children that shall all, or any of them, be *polarity*."""

    __slots__ = ("children", "every", "holds", "path", "polarity")

    def __init__(
        self, *, every: bool, polarity: bool, children: Sequence["Node"], path: str
    ) -> None:
        self.every = every
        self.polarity = polarity
        self.children = tuple(children)
        self.path = path
        tests = tuple(child.holds for child in self.children)
        self.holds: Holds = (
            _every(tests, polarity) if every or not tests else _some(tests, polarity)
        )


Node = Leaf | Combination


def compiled(
    tree: RuleNode, attributes: Mapping[str, Attribute], zone: tzinfo, path: str = ""
) -> Node:
    """Give *tree* ready to be asked; *zone* is where its dates are days."""
    if tree.attribute is not None:
        return Leaf(tree, path, attributes, zone)
    children = [
        compiled(child, attributes, zone, f"{path}{'.' if path else ''}of[{n}]")
        for n, child in enumerate(tree.of or [])
    ]
    every = tree.all is not None
    polarity = bool(tree.all if every else tree.any)
    return Combination(every=every, polarity=polarity, children=children, path=path)


def _every(tests: tuple[Holds, ...], polarity: bool) -> Holds:
    def holds(values: Values) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs half of the time
            if test(values) is not polarity:
                return False
        return True

    return holds


def _some(tests: tuple[Holds, ...], polarity: bool) -> Holds:
    def holds(values: Values) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs half of the time
            if test(values) is polarity:
                return True
        return False

    return holds


def _undefined(seen: Callable[[Values], Value], wanted: Operand) -> Holds:
    missing = _asks_missing(wanted)
    return lambda values: (not texts(seen(values))) is missing


def _asks_missing(wanted: Operand) -> bool:
    return wanted is not False and wanted not in ("false", "no", "0")


def _attribute(code: str) -> Callable[[Values], Value]:
    return lambda values: values.get(code)


def _categories(values: Values) -> Value:
    return [name for category in values.product.categories for name in _names(category)]


def _names(category: Category) -> list[str]:
    return [name for name in (category.id, category.path) if name]


# --- why not ------------------------------------------------------------------------------


def deciding(node: Node, values: Values) -> tuple[Node, bool]:
    """Give the node that made *node* false, and what it should have been.

    A leaf, but for an empty combination where a false one was wanted.
    """
    wanted = True
    while isinstance(node, Combination) and node.children:
        polarity = node.polarity if wanted else not node.polarity
        node = next(child for child in node.children if child.holds(values) is not polarity)
        wanted = polarity
    return node, wanted


def facts(node: Node, values: Values) -> dict[str, str]:
    """Give the facts of `RULE_NOT_MET`: where, what was seen, what was wanted, what would do."""
    at, wanted = deciding(node, values)
    if isinstance(at, Combination):
        return {"path": at.path, "attribute": "–", "seen": "no conditions", "wanted": "some"}
    seen = _labelled(texts(at.seen(values)), at.options) or "missing"
    phrase = _phrase(at, wanted)
    return {
        "path": at.path,
        "attribute": at.attribute,
        "seen": seen,
        "wanted": phrase,
        "smallest_change": f"{at.attribute}: {seen} → {phrase}",
    }


def _labelled(found: list[str], options: Mapping[str, str]) -> str:
    return ", ".join(options.get(text, text) for text in found)


def _phrase(leaf: Leaf, wanted: bool) -> str:
    operator = leaf.operator if wanted else _OPPOSITE[leaf.operator]
    if leaf.operator == "is_undefined":
        return "no value" if _asks_missing(leaf.wanted) is wanted else "any value"
    many = operator in _MANY or isinstance(leaf.wanted, list)
    typed = comparison.operands(leaf.wanted) if many else [comparison.single(leaf.wanted)]
    return _PHRASES[operator].format(_labelled(typed, leaf.options))


_MANY = ("is_one_of", "is_not_one_of")
_PHRASES = {
    "is": "{}",
    "is_not": "not {}",
    "greater": "more than {}",
    "greater_or_equal": "at least {}",
    "less": "less than {}",
    "less_or_equal": "at most {}",
    "contains": "with {}",
    "does_not_contain": "without {}",
    "is_one_of": "one of {}",
    "is_not_one_of": "none of {}",
}
_OPPOSITE = {
    "is": "is_not",
    "is_not": "is",
    "greater": "less_or_equal",
    "less_or_equal": "greater",
    "greater_or_equal": "less",
    "less": "greater_or_equal",
    "contains": "does_not_contain",
    "does_not_contain": "contains",
    "is_one_of": "is_not_one_of",
    "is_not_one_of": "is_one_of",
    "is_undefined": "is_undefined",
}
