"""Jenkins over HTTP."""
