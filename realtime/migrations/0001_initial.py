from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies: list = []

    operations = [
        migrations.CreateModel(
            name="Connection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
                "permissions": [
                    ("send", "Can send messages to sockets"),
                    ("disconnect", "Can disconnect sockets"),
                ],
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Node",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "node",
                "verbose_name_plural": "nodes",
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
