"""The proof of isolation: one implementation for `painel isolation report` and for the tests (docs/security/isolation.md).

Everything is derived: tables and keys from the catalogue, routes and parameters from the OpenAPI document.
"""
