"""Pushing desired offers to Amazon, and not calling it done until Amazon shows it."""
