"""A tenant's own copy of its data, its erasure, and how long anything is kept (docs/privacy.md)."""
