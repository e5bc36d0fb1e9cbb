"""Carts: orders that were bought together and travel together."""
