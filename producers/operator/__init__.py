"""People → settings.v1 and listing.intent.v1."""
