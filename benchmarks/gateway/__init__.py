"""The gateway beside its peers, by the CPU time of the serving process: see `goals.py` for what is wanted of it.

Everything is measured on the product's own application: all middleware, people signed in by ticket, groups, presence, hooks
and limits. Rounds alternate between the contestants and the median of each counts; on a shared machine the ratios are what
to trust. `make bench-peers` installs the peers; one that is not installed is left out, and the table says so.
"""
