import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('realtime', '0001_initial'),
        ('realtime', '0002_keptsettings'),
        ('realtime', '0003_dead_letters'),
        ('realtime', '0004_connection_permissions'),
        ('realtime', '0005_watches'),
        ('realtime', '0006_attempts'),
    ]

    initial = True

    dependencies = [
        ('accounts', '0001_squashed_0016_link_by_text'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='Connection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'verbose_name': 'connection',
                'verbose_name_plural': 'connections',
                'permissions': [('send', 'Can send messages to sockets'), ('disconnect', 'Can disconnect sockets'), ('tap', 'Can watch the frames of sockets')],
                'managed': False,
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.CreateModel(
            name='Node',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'verbose_name': 'node',
                'verbose_name_plural': 'nodes',
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('begun', models.PositiveIntegerField()),
                ('begun_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='KeptSettings',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='user')),
                ('values', models.JSONField(default=dict, verbose_name='settings')),
                ('changed_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('seen_at', models.DateTimeField(help_text="When the user's connection was heard of last.", verbose_name='last seen')),
            ],
            options={
                'verbose_name': 'kept settings',
                'verbose_name_plural': 'kept settings',
                'default_permissions': ('view', 'delete'),
            },
        ),
        migrations.CreateModel(
            name='DeadLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('redis', 'Redis'), ('rabbitmq', 'RabbitMQ')], max_length=20, verbose_name='queue')),
                ('reason', models.CharField(choices=[('not_json', 'not JSON'), ('invalid', 'not of the schema'), ('too_large', 'too large'), ('expired', 'run out'), ('failed', 'failed'), ('given_up', 'tried too often')], max_length=20, verbose_name='reason')),
                ('detail', models.TextField(blank=True, default='', verbose_name='in words')),
                ('message_id', models.CharField(blank=True, db_index=True, default='', max_length=100, verbose_name='message id')),
                ('body', models.TextField(verbose_name='message')),
                ('is_cut', models.BooleanField(default=False, help_text='Only the beginning was kept.', verbose_name='cut off')),
                ('size', models.PositiveIntegerField(verbose_name='bytes')),
                ('attempts', models.PositiveSmallIntegerField(default=1, verbose_name='attempts')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('discarded', 'discarded')], db_index=True, default='waiting', max_length=20, verbose_name='state')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='set aside at')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='dealt with at')),
                ('settled_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='dealt with by')),
            ],
            options={
                'verbose_name': 'dead letter',
                'verbose_name_plural': 'dead letters',
                'ordering': ('-pk',),
                'permissions': [('retry_deadletter', 'Can deliver dead letters again'), ('discard_deadletter', 'Can discard dead letters')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('connection', models.CharField(max_length=64)),
                ('watcher', models.CharField(max_length=64)),
                ('session_id', models.CharField(db_index=True, max_length=64)),
                ('started_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seen_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('watched_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('connection', 'watcher'), name='one_watch_of_each_by_each')],
            },
        ),
    ]
