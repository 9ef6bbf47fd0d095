"""Every shape that crosses a boundary: topics, events, keys, identifiers, money, reasons."""
