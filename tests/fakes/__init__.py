"""Tiny servers on real ports that stand in for services outside the house."""
