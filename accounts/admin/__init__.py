"""People, departments, roles, sessions and keys in the back office."""

from accounts.admin import departments, keys, people, roles, sessions

__all__ = ["departments", "keys", "people", "roles", "sessions"]
