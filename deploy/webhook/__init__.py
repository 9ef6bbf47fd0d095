"""The webhook: events over HTTP, answered with 202 once the broker has them."""
