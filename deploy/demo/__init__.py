"""The sample shop of `listwire demo`: a catalogue, its settings, and a seller at Amazon."""
