"""Mercado Livre over HTTP: the client, a seller's view of it, and the shapes of its answers."""
