"""Deliveries that nobody would send: headers by body by clock by scheme by provider, guided by coverage."""
