"""Background work over real brokers: what must hold when workers, schedulers and brokers die.

The processes are the real product with one more app, `errands`, whose jobs do what a test asks for: `settings` adds it,
as any project adds an app. Servers that others use are reached over a `Wire`, which may be cut where they may not.
"""
