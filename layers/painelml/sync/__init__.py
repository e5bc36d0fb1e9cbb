"""Bringing a seller's items and orders in, page by page, by messages: runs, their history, and what starts them."""
