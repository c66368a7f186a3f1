"""People, departments, roles, sessions and keys in the back office."""

from accounts.admin import addresses, departments, keys, machines, people, roles, sessions, sign_ins

__all__ = ["addresses", "departments", "keys", "machines", "people", "roles", "sessions", "sign_ins"]
