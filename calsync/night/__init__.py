"""The steps of one night, each on its own: read, gather, promise, publish."""
