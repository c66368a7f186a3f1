"""Reads uploads that nobody has checked yet.

The reading happens in a child process (`child`) that has a memory limit, a CPU limit, an empty environment and nothing
but the standard library: it looks at the archive's bounds before it opens anything, then streams the sheet's XML in
constant memory. So a workbook with a cell at XFD1048576 costs what its bytes cost, and the worst file kills a child.
The parent's side is `process`. Nothing here imports Django.
"""
