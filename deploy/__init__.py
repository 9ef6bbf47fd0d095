"""Assembling, running, watching; the one room that knows addresses and all the others."""
