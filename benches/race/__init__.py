"""The race against the peers: the same jobs, the same frames, run in alternation."""
