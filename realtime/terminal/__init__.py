"""The gateway's client for terminals: `manage.py wsclient`."""
