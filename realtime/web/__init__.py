"""The console: a page that speaks to the gateway."""
