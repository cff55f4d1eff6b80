"""The inbox in an SQLite file, embedded; `paperhook.inbox` gives its names."""
