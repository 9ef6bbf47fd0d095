"""The one client of Amazon's Selling Partner API, handed to whoever needs it."""
