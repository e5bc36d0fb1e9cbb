"""Sellers themselves: how Mercado Livre rates them."""
