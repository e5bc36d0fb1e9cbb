"""The floor that every context stands on: configuration, database, cache, queues, secrets, errors, HTTP, clock, logs."""
