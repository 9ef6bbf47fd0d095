"""The outside world → topics: the catalogue, Amazon, people."""
