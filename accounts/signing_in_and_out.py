"""Signing in to and out of the back office opens and ends a login session."""
