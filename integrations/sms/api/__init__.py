"""Text messages over HTTP."""
