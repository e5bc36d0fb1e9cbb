"""Tenants: what they are called, which plan and state they are in, and how the platform looks after them."""
