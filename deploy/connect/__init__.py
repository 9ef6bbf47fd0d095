"""Opening the real things: broker, database, Amazon. The other rooms are handed them."""
