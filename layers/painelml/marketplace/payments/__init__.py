"""Payments of orders."""
