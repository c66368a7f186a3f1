from django.db import migrations

from integrations.sms import built_in


def add_invitation(apps, schema_editor):
    Template = apps.get_model('sms', 'Template')
    built_in.ensure('invitation', Template, apps.get_model('sms', 'TemplateText'))
    # an installation that begins with all of them had it before this was a column
    Template.objects.filter(key='invitation').update(by_hand=False)


class Migration(migrations.Migration):

    dependencies = [
        ('sms', '0009_left_alone'),
    ]

    operations = [
        migrations.RunPython(add_invitation, migrations.RunPython.noop),
    ]
