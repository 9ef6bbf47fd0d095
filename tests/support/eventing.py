"""Deliveries of Adobe Commerce in their published shapes, with values of our own.

The members and how they are written (numbers as text, flags as numbers, an object where a list
is meant) are those of Adobe's own samples; see `producers/catalog/eventing.py`.
"""

from typing import Any

SAVED = "com.adobe.commerce.observer.catalog_product_save_commit_after"
DELETED = "com.adobe.commerce.observer.catalog_product_delete_commit_after"
STOCK = "com.adobe.commerce.observer.cataloginventory_stock_item_save_commit_after"
BASE_PRICES = "com.adobe.commerce.plugin.magento.catalog.api.base_price_storage.update"
SPECIAL = "com.adobe.commerce.plugin.magento.catalog.api.special_price_storage.update"
SOURCES = "com.adobe.commerce.plugin.magento.inventory_api.api.source_items_save.execute"


def delivery(type_: str, value: Any, **attributes: Any) -> dict[str, Any]:
    """Give one event as Adobe I/O Events delivers it to a webhook."""
    return {
        "specversion": "1.0",
        "id": "0f5d1f0e-4a6e-4f0c-9a51-1c7c6a1f0001",
        "source": "urn:uuid:5b0a4b1e-0b5c-4b3c-8a51-1c7c6a1f0002",
        "type": type_,
        "datacontenttype": "application/json",
        "time": "2026-11-25T09:58:42.436Z",
        "eventid": "9d0d6e30-7d0b-4b0c-9a51-1c7c6a1f0003",
        "event_id": "9d0d6e30-7d0b-4b0c-9a51-1c7c6a1f0003",
        "recipient_client_id": "4f1c5bd2f9f54d3c8e0e0c0c0c0c0c0c",
        "recipientclientid": "4f1c5bd2f9f54d3c8e0e0c0c0c0c0c0c",
        "data": {
            "key": "a4b0a0b2-51a4-4b36-9f5d-1c7c6a1f0004",
            "value": value,
            "source": "acme.stage",
            "_metadata": {
                "commerceEdition": "Adobe Commerce",
                "commerceVersion": "2.4.7",
                "eventsClientVersion": "1.12.1",
                "storeId": "0",
                "websiteId": "1",
                "storeGroupId": "0",
            },
        },
    } | attributes


def product(**values: Any) -> dict[str, Any]:
    """Give the value of a saved product, all fields subscribed."""
    return {
        "_edit_mode": True,
        "store_id": "0",
        "entity_id": "1042",
        "attribute_set_id": "4",
        "type_id": "simple",
        "sku": "LAMP-12",
        "has_options": False,
        "required_options": False,
        "created_at": "2026-06-12 16:31:43",
        "updated_at": "2026-11-25 09:58:41",
        "row_id": "1042",
        "name": "Desk lamp",
        "color": "49",
        "upc": "036000291452",
        "page_layout": "product-full-width",
        "options_container": "container2",
        "url_key": "desk-lamp",
        "gift_message_available": "2",
        "status": "1",
        "visibility": "4",
        "tax_class_id": "2",
        "price": "49.900000",
        "special_price": "44.900000",
        "special_from_date": "2026-11-20 00:00:00",
        "special_to_date": None,
        "options": [],
        "media_gallery": {"images": [], "values": []},
        "tier_price": [],
        "quantity_and_stock_status": {"is_in_stock": "1", "qty": "333"},
        "category_ids": ["4", "12"],
        "is_salable": 1,
        "stock_data": stock(),
        "use_config_gift_message_available": "1",
        "current_product_id": "1042",
        "affect_product_custom_options": "1",
        "current_store_id": "0",
        "product_has_weight": "1",
        "is_new": "0",
        "website_ids": {"1": "1"},
        "url_key_create_redirect": "desk-lamp",
        "can_save_custom_options": True,
        "is_custom_option_changed": True,
        "special_from_date_is_formated": True,
        "is_changed_categories": False,
        "force_reindex_eav_required": True,
    } | values


def stock(**values: Any) -> dict[str, Any]:
    """Give the value of a saved stock item."""
    return {
        "item_id": "25",
        "product_id": "1042",
        "stock_id": 1,
        "qty": "5",
        "min_qty": "0",
        "use_config_min_qty": "1",
        "is_qty_decimal": "0",
        "backorders": "0",
        "use_config_backorders": "1",
        "min_sale_qty": "1",
        "use_config_min_sale_qty": "1",
        "is_in_stock": "1",
        "manage_stock": "1",
        "use_config_manage_stock": "1",
        "use_config_qty_increments": "1",
        "qty_increments": "1",
        "enable_qty_increments": "0",
        "is_decimal_divided": 0,
        "website_id": 0,
        "type_id": "simple",
        "min_qty_allowed_in_shopping_cart": [],
    } | values
