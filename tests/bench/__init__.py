"""`nox -s bench`: ratios against what paperhook is compared with, side by side in one run; nothing here is a test."""
