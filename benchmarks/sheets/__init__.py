"""Sheets in and out beside stock django-import-export and beside the floor: a bare reader, a bare writer, a bare `bulk_create`.

Every contestant works in a process of its own, on the same people, the same model, the same file and a fresh copy of the same
SQLite database. What counts is CPU time, that of children included, and memory above what the process had before it began, its
own and its children's at one moment (`memory.py`); each in a run of its own, and both bear a shared machine. `goals.py` says
what is wanted. `BENCH_ROWS=2000` makes it short, `BENCH_MANY=0` leaves out the largest export; `sheets.importing` alone is chosen
by name.
"""
