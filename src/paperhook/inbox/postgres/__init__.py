"""The inbox in PostgreSQL, for receivers and workers of several machines; `paperhook.inbox` gives its names."""
