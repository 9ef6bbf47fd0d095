"""The shop's catalogue → catalog.product, catalog.stock and catalog.price."""
