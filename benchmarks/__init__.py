"""What Gatehouse costs, measured from outside on the real product. `make bench` runs all of it.

Each module of MEASURED has a `measure()` that returns figures; `__main__` writes them to results/ and docs/.
"""
