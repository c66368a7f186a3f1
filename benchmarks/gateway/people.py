"""Makes the product's database, with people who are signed in: `python -m benchmarks.gateway.people NUMBER FILE`.

FILE gets the access token and the back office's session key of a superuser.
"""

import importlib
import sys
from pathlib import Path


def main(number: int, keeper: Path) -> None:
    """Migrate, hire, sign in."""
    importlib.import_module("django").setup()
    importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
    sessions = importlib.import_module("accounts.sessions")
    user_model = importlib.import_module("accounts.models").User
    user_model.objects.bulk_create(user_model(username=f"bench{one:05}", password="!") for one in range(number))
    with importlib.import_module("django.db").transaction.atomic():
        for user in user_model.objects.filter(username__startswith="bench").order_by("pk"):
            sessions.open(user=user, scope="api")
        boss = user_model.objects.create_superuser("keeper")
        token = importlib.import_module("accounts.tokens").access(sessions.open(user=boss, scope="api"))
        browser = importlib.import_module("django.test").Client()
        browser.force_login(boss)
    keeper.write_text(f"{token}\n{browser.cookies['sessionid'].value}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
