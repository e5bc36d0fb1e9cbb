"""Parcels: where they are, and what their freight costs whom."""
