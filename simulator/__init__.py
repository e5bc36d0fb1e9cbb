"""Mercado Livre as a stateful server: an independent stand-in for tests, demonstrations and local work."""
