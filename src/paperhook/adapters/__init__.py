"""Frameworks: each adapter converts a request to `receive` and the reply back, and nothing else."""
