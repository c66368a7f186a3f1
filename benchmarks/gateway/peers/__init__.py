"""The others: small servers that do the same broadcast in their own natural way, each in one process on one core.

No compression, no logs, no authentication but for stock Channels, whose clients have a session of Django's.
"""
