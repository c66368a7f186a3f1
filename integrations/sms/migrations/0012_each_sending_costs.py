from decimal import Decimal

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def tell_what_each_cost(apps, schema_editor):
    """Until now that stood with the message only."""
    Attempt, Message = apps.get_model('sms', 'Attempt'), apps.get_model('sms', 'Message')
    its_message = Message.objects.filter(pk=OuterRef('message')).values('cost')[:1]
    sent = Attempt.objects.filter(outcome__in=('accepted', 'unknown', 'interrupted'))
    sent.update(cost=Subquery(its_message))


class Migration(migrations.Migration):

    dependencies = [
        ('sms', '0001_squashed_0011_door'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='sms_by_provider',
        ),
        migrations.AddField(
            model_name='attempt',
            name='cost',
            field=models.DecimalField(db_default=Decimal('0'), decimal_places=4, default=Decimal('0'), max_digits=10, verbose_name='cost'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['started_at'], name='sms_attempt_by_day'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['provider', 'started_at'], name='sms_attempt_by_provider'),
        ),
        migrations.RunPython(tell_what_each_cost, migrations.RunPython.noop),
    ]
