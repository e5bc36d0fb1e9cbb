"""Mercado Livre: connected accounts, the API, and each kind of thing that comes from it in a room of its own."""
