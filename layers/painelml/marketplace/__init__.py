"""Mercado Livre: connected accounts, their tokens, the API client, and the items and orders that come from it."""
