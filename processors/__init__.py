"""Topic → rules → topic: Faust edges around a pure core."""
