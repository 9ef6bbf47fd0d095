"""Watching instead of working: reading and arithmetic, shown by the command."""
