"""From a provider's words to values one can trust."""
