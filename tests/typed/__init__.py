"""Read by mypy and pyright, never run: what a user's type checker sees."""
