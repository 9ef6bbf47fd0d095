"""Amazon's attribute values → the shop's catalogue (`listings.md` 6.1)."""
