"""Text that lost letters on its way is told from text that did not."""

import pytest

from schemas.text import damaged, damaged_sku


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Caf\ufffd", id="replacement character"),
        pytest.param("Caf?", id="a letter lost at the end"),
        pytest.param("Caf? Tasse", id="a letter lost before a blank"),
        pytest.param("M?ller", id="a letter lost inside a word"),
        pytest.param("?pfel", id="a letter lost at the start"),
        pytest.param("?????? 26.5", id="all letters lost"),
        pytest.param("Tasse ? caf\u00e9", id="a word lost"),
        pytest.param("Was ist ein ?pfel?", id="a question that lost a letter"),
        pytest.param("see https://a.example/?b=1 f?r", id="a letter lost beside a link"),
        pytest.param("Caf\u00c3\u00a9", id="UTF-8 read as cp1252"),
        pytest.param("M\u00c3\u00bcller", id="an umlaut read as cp1252"),
        pytest.param("It\u00e2\u20ac\u2122s", id="an apostrophe read as cp1252"),
        pytest.param("caf\u00e9".encode().decode("latin-1"), id="UTF-8 read as Latin-1"),
        pytest.param("\u0141\u00f3d\u017a".encode().decode("cp1252", "replace"), id="Polish"),
        pytest.param("\u9774\u3072\u3082".encode().decode("cp932", "ignore"), id="kana as cp932"),
        pytest.param("\u043b\u0430\u043c\u043f\u0430".encode().decode("latin-1"), id="Cyrillic"),
        pytest.param("a\u0093b", id="a C1 control"),
    ],
)
def test_text_that_lost_letters_is_damaged(text: str) -> None:
    assert damaged(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("Desk lamp", id="plain"),
        pytest.param("Caf\u00e9 \u201eTasse\u201c \u2013 f\u00fcr zwei", id="German"),
        pytest.param("CAF\u00c9\u00ae \u00ab ROS\u00c9\u00a0\u00bb", id="capitals before marks"),
        pytest.param("\u00ab caf\u00e9\u00a0\u00bb", id="a blank before a closing mark"),
        pytest.param("\u9774 26.5\uff1f", id="Japanese"),
        pytest.param("\u043b\u0430\u043c\u043f\u0430", id="Cyrillic"),
        pytest.param("Who Moved My Cheese?", id="a question"),
        pytest.param("\u00bfQu\u00e9 es esto?", id="a Spanish question"),
        pytest.param("Wie geht das ?!", id="a question with a blank before its mark"),
        pytest.param("https://shop.example/p?id=7", id="a link"),
        pytest.param("\u00c5ngstr\u00f6m \u00c4\u00d6\u00dc \u00c0 la carte", id="capitals"),
        pytest.param("p\u00e2t\u00e9 \u00e0 tartiner \u2122", id="French"),
    ],
)
def test_whole_text_is_not_damaged(text: str) -> None:
    assert not damaged(text)


@pytest.mark.parametrize(
    ("sku", "lost"),
    [("TEE-M?L", True), ("TEE-M\ufffdL", True), ("TEE-M\u00dcL", False), ("TEE-MUL", False)],
)
def test_a_seller_sku_with_a_lost_letter_may_be_another(sku: str, lost: bool) -> None:
    assert damaged_sku(sku) is lost
