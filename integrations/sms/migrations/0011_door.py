from typing import Any

from django.db import migrations


def hang(apps: Any, _editor: Any) -> None:
    """There is one door: whoever made it when it is first needed would meet others who do."""
    apps.get_model("sms", "ShieldDoor").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("sms", "0010_invitation")]
    operations = [migrations.RunPython(hang, migrations.RunPython.noop)]
