"""Which column of a report is which, whatever language its header speaks (REP2, REP3).

Amazon names columns in the language of the account or the marketplace, doubles some names,
adds columns and spells one of them differently in Europe. Every known spelling is a row of
`SPELLINGS`, as issues, client libraries and sellers' own files show them; a header with
none of them may still be known by its shape (`by_place`). The unknown is named, never guessed.

Long because it is one table.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import msgspec

ALL_DATA = (
    "item-name item-description listing-id seller-sku price quantity open-date image-url "
    "item-is-marketplace product-id-type zshop-shipping-fee item-note item-condition "
    "zshop-category1 zshop-browse-path zshop-storefront-feature asin1 asin2 asin3 "
    "will-ship-internationally expedited-shipping zshop-boldface product-id "
    "bid-for-featured-placement add-delete pending-quantity fulfillment-channel "
    "merchant-shipping-group status"
).split()
"""The 29 columns of the report of all listings, in Amazon's order (`amazon.md` 8)."""

BUSINESS = (
    "business price",
    "quantity price type",
    *(f"{what} {n}" for n in range(1, 6) for what in ("quantity lower bound", "quantity price")),
    "progressive price type",
    *(
        f"{what} {n}"
        for n in range(1, 4)
        for what in ("progressive lower bound", "progressive price")
    ),
)
"""The block of business prices; nothing in it is read here."""

OTHERS = (
    "minimum order quantity",
    "sell remainder",
    "optional-payment-type-exclusion",
    "scheduled-delivery-sku-set",
    "standard-price-point",
    "producttaxcode",
    "minimum-seller-allowed-price",
    "maximum-seller-allowed-price",
    "amazon_programs",
    "status change date",
    "mindestbestellmenge",
    "anzahl bestellungen",
    "restposten verkaufen",
    "vendre le stock restant",
    "vendi rimanenze",
    "quantità minima per ordine",
    "cantidad de pedido mínima",
    "vender las unidades restantes",
    "maksymalna liczba zamówionych produktów",
    "pozostało do sprzedaży",
    "minimum sipariş adedi",
    "elde kalanı sat",
    "ポイント",
)
"""Columns that we know and do not read."""

RETIRED = ("deprecated column", "columna en desuso", "不适用项目")
"""What Amazon writes over columns that it no longer fills; it may stand ten times."""

SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "item-name": (
        "product name",
        "artikelbezeichnung",
        "nom-produit",
        "nome dell'articolo",
        "título del producto",
        "nazwa-produktu",
        "item-name (ürün adı)",
        "اسم-المنتج",
        "商品名",
        "商品名称",
    ),
    "item-description": (
        "artikelbeschreibung",
        "description-article",
        "descrizione dell'articolo",
        "descripción del producto",
        "opis-produktu",
        "وصف-المنتج",
        "商品描述",
    ),
    "listing-id": (
        "angebotsnummer",
        "id-offre",
        "numero offerta",
        "identificador del listing",
        "identyfikator-oferty",
        "listing-id (liste kaydı numarası)",
        "رقم-العرض",
        "出品id",
        "商品编码",
    ),
    "seller-sku": (
        "sku",
        "händler-sku",
        "sku-vendeur",
        "sku venditore",
        "sku del vendedor",
        "sku-sprzedawcy",
        "seller-sku (satıcı sku)",
        "sku-البائع",
        "出品者sku",
        "卖家 sku",
    ),
    "price": (
        "preis",
        "prix",
        "prezzo",
        "precio",
        "cena",
        "price (fiyat)",
        "السعر",
        "価格",
        "价格",
    ),
    "quantity": (
        "menge",
        "quantité",
        "quantità",
        "cantidad",
        "ilość",
        "quantity (adet)",
        "الكمية",
        "数量",
    ),
    "open-date": (
        "erstellungsdatum",
        "date-ouverture",
        "data di creazione",
        "fecha de creación",
        "data-otwarcia",
        "open-date (yayınlanma tarihi)",
        "تاريخ-مفتوح",
        "出品日",
        "开售日期",
    ),
    "item-is-marketplace": (
        "artikel ist marketplace-angebot",
        "articolo per la vendita",
        "producto para vender",
        "produkt-jest-(na)rynku",
        "منتج-سوق-البيع",
        "是否为商城中的商品",
    ),
    "product-id-type": (
        "produkt-id-typ",
        "type-id-produit",
        "tipo di identificativo del prodotto",
        "tipo de identificador de producto",
        "typ-identyfikatora-produktu",
        "product-id-type (ürün numarası türü)",
        "نوع-رقم-المنتج",
        "商品idタイプ",
        "商品编码类型",
    ),
    "item-note": (
        "anmerkung zum artikel",
        "note-état-article",
        "note sull'articolo",
        "nota sobre el producto",
        "uwaga-o-produkcie",
        "item-note (ürün notu)",
        "ملاحظة-المنتج",
        "コンディション説明",
        "商品备注",
    ),
    "item-condition": (
        "condition",
        "artikelzustand",
        "état-produit",
        "condizione dell'articolo",
        "estado del producto",
        "stan-produktu",
        "item-condition (ürün durumu)",
        "حالة-المنتج",
        "コンディション",
        "商品状况",
    ),
    "asin1": ("asin", "asin 1"),
    "asin2": ("asin 2",),
    "asin3": ("asin 3",),
    "will-ship-internationally": (
        "internationaler versand",
        "expédition-international",
        "spedizione internazionale",
        "envío internacional",
        "wysyłka-międzynarodowa",
        "will-ship-internationally (uluslararası gönderilir)",
        "للشحن-الدولي",
        "国外へ配送可",
        "国际配送",
    ),
    "expedited-shipping": (
        "expressversand",
        "livraison-express",
        "spedizione express",
        "envío urgente",
        "przyspieszona-wysyłka",
        "expedited-shipping (ekspres kargo)",
        "شحن-مستعجل",
        "迅速な配送",
        "加急配送",
    ),
    "product-id": (
        "produkt-id",
        "id-produit",
        "identificativo del prodotto",
        "identificador del producto",
        "identyfikator-produktu",
        "product-id (ürün numarası)",
        "رقم-المنتج",
        "商品id",
        "商品编码",
    ),
    "add-delete": (
        "aggiungi o elimina",
        "añadir o eliminar",
        "dodaj-usuń",
        "إضافة-حذف",
        "添加-删除",
    ),
    "pending-quantity": (
        "quantità in sospeso",
        "cantidad pendiente",
        "ilość-oczekująca",
        "pending-quantity (bekleyen adet)",
        "كمية-منتظرة",
        "在庫数",
        "等待购买数量",
    ),
    "fulfillment-channel": (
        "fulfilment-channel",
        "versender",
        "canal-traitement",
        "canale di gestione",
        "canal de gestión logística",
        "kanał-realizacji",
        "fulfillment-channel (dağıtım kanalı)",
        "قناة-الشحن",
        "フルフィルメント・チャンネル",
        "配送渠道",
    ),
    "merchant-shipping-group": (
        "händlerversandgruppe",
        "groupe-expédition-vendeur",
        "gruppo-spedizione-venditore",
        "grupa-wysyłki-sprzedawcy",
        "merchant-shipping-group (satıcı kargo grubu)",
        "卖家配送组",
    ),
    "status": ("état", "stato", "estado", "durum", "الحالة", "ステータス", "状态"),
    "reason": (),
    "issue description": (),
    "seller": ("seller-id", "seller id", "merchant-id", "merchant id", "merchant-token"),
}
"""Column → its other spellings, in lower case. One spelling of two columns is doubled in a
header: they are told apart by their order, which is the order of this table."""

_GAP = re.compile(r"\s+")


class Header(msgspec.Struct, frozen=True):
    """Where each known column stands, how many there are, and which nobody knows."""

    at: dict[str, int]
    width: int
    unknown: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    placed: bool = False
    """Whether its columns were known by their places, not by their names."""


def header(line: str) -> Header:
    """Read the header *line*: names in any language and order, some unknown."""
    names = [spelled(name) for name in line.split("\t")]
    at: dict[str, int] = {}
    doubled, unknown = [], []
    for place, (name, meaning) in enumerate(_meanings(names)):
        if meaning is None:
            unknown += [name] if name and name not in _SILENT else []
        elif meaning in at:
            doubled.append(meaning)
        else:
            at[meaning] = place
    return Header(at, len(names), tuple(unknown), tuple(doubled))


def by_place(found: Header) -> Header | None:
    """Give *found* with the columns of the full report at their places, None if they are not.

    It must be as wide, and what has a known name must stand there. Only a look at the rows
    may confirm it.
    """
    at = {name: place for place, name in enumerate(ALL_DATA)}
    wide = len(ALL_DATA) <= found.width <= len(ALL_DATA) + 2
    if not wide or any(at.get(name, place) != place for name, place in found.at.items()):
        return None
    return Header(at, found.width, found.unknown, placed=True)


def spelled(name: str) -> str:
    """Give *name* as the table spells it: NFC, lower case, single blanks."""
    plain = unicodedata.normalize("NFC", name.removeprefix("\ufeff")).strip().lower()
    return _GAP.sub(" ", plain)


def _meanings(names: Sequence[str]) -> Iterable[tuple[str, str | None]]:
    seen: dict[str, int] = {}
    for name in names:
        options = MEANINGS.get(name) or MEANINGS.get(name.replace("\ufffd", "?"), ())
        turn = seen[name] = seen.get(name, 0) + 1
        spare = max(0, len(options) - names.count(name))
        place = spare + turn - 1
        yield name, options[min(place, len(options) - 1)] if options else None


def _table() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for column in dict.fromkeys([*ALL_DATA, *SPELLINGS]):
        for name in dict.fromkeys((column, *SPELLINGS.get(column, ()))):
            for form in {name, _lossy(name)} - {""}:
                table[form] = (*table.get(form, ()), column)
    return table


def _lossy(name: str) -> str:
    """Give *name* as a charset without its letters leaves it, if enough is left to know it."""
    lost = "".join(c if c.isascii() else "?" for c in name)
    return lost if lost.count("?") * 3 <= len(lost) else ""


MEANINGS = _table()
"""Spelling → the columns it stands for, in order."""

_SILENT = frozenset({*BUSINESS, *OTHERS, *RETIRED})
