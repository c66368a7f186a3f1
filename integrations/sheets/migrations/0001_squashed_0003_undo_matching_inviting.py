import django.db.models.deletion
import django.utils.timezone
import integrations.sheets.models.exports
import integrations.sheets.models.imports
import integrations.sheets.models.jobs
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('sheets', '0001_initial'),
        ('sheets', '0002_exports_at_once_and_column_sets'),
        ('sheets', '0003_undo_matching_inviting'),
    ]

    initial = True

    dependencies = [
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='ExportJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name='id')),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('next_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='next try')),
                ('lease_until', models.DateTimeField(editable=False, null=True, verbose_name='lease until')),
                ('worker', models.CharField(blank=True, default='', editable=False, max_length=120, verbose_name='worker')),
                ('error', models.TextField(blank=True, default='', verbose_name='error')),
                ('done', models.BigIntegerField(default=0, verbose_name='done')),
                ('total', models.BigIntegerField(default=0, verbose_name='total')),
                ('started_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='finished at')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('resource', models.CharField(max_length=40, verbose_name='what')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('error_code', models.CharField(blank=True, editable=False, max_length=10, verbose_name='error code')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('writing', 'writing'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled')], db_index=True, default='queued', max_length=20, verbose_name='state')),
                ('format', models.CharField(choices=[('xlsx', 'Excel (.xlsx)'), ('csv', 'CSV (.csv)')], default='xlsx', max_length=10, verbose_name='format')),
                ('columns', models.JSONField(blank=True, default=list, verbose_name='columns')),
                ('filters', models.JSONField(blank=True, default=dict, verbose_name='filters')),
                ('file', models.FileField(blank=True, max_length=200, storage=integrations.sheets.models.jobs.private_storage, upload_to=integrations.sheets.models.exports.export_path, verbose_name='file')),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='file name')),
                ('size', models.BigIntegerField(default=0, verbose_name='size')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='available until')),
                ('at_once', models.BooleanField(default=False, editable=False)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
            ],
            options={
                'verbose_name': 'export',
                'verbose_name_plural': 'exports',
                'ordering': ['-created_at'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name='id')),
                ('attempts', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='attempts')),
                ('next_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='next try')),
                ('lease_until', models.DateTimeField(editable=False, null=True, verbose_name='lease until')),
                ('worker', models.CharField(blank=True, default='', editable=False, max_length=120, verbose_name='worker')),
                ('error', models.TextField(blank=True, default='', verbose_name='error')),
                ('done', models.BigIntegerField(default=0, verbose_name='done')),
                ('total', models.BigIntegerField(default=0, verbose_name='total')),
                ('started_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='started at')),
                ('finished_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='finished at')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False, verbose_name='created at')),
                ('resource', models.CharField(max_length=40, verbose_name='what')),
                ('language', models.CharField(blank=True, max_length=10, verbose_name='language')),
                ('error_code', models.CharField(blank=True, editable=False, max_length=10, verbose_name='error code')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('reading', 'reading'), ('ready', 'ready for your confirmation'), ('importing', 'importing'), ('done', 'done'), ('failed', 'failed'), ('cancelled', 'cancelled'), ('undoing', 'being undone'), ('undone', 'undone')], db_index=True, default='queued', max_length=20, verbose_name='state')),
                ('mode', models.CharField(choices=[('all', 'all rows or none'), ('valid', 'the good rows')], default='all', max_length=10, verbose_name='mode')),
                ('file', models.FileField(blank=True, max_length=200, storage=integrations.sheets.models.jobs.private_storage, upload_to=integrations.sheets.models.imports.upload_path, verbose_name='file')),
                ('file_name', models.CharField(blank=True, max_length=200, verbose_name='file name')),
                ('kind', models.CharField(default='xlsx', editable=False, max_length=10)),
                ('size', models.BigIntegerField(default=0, verbose_name='size')),
                ('sheet', models.CharField(blank=True, max_length=100, verbose_name='sheet')),
                ('mapping', models.JSONField(blank=True, default=dict, verbose_name='mapping')),
                ('headers', models.JSONField(blank=True, default=list, verbose_name='headers')),
                ('header_row', models.PositiveIntegerField(default=0, editable=False)),
                ('notes', models.JSONField(blank=True, default=list, verbose_name='notes')),
                ('new', models.PositiveIntegerField(default=0, verbose_name='new')),
                ('changed', models.PositiveIntegerField(default=0, verbose_name='changed')),
                ('unchanged', models.PositiveIntegerField(default=0, verbose_name='unchanged')),
                ('bad', models.PositiveIntegerField(default=0, verbose_name='bad')),
                ('created_rows', models.PositiveIntegerField(default=0, verbose_name='created')),
                ('updated_rows', models.PositiveIntegerField(default=0, verbose_name='updated')),
                ('skipped_rows', models.PositiveIntegerField(default=0, verbose_name='skipped')),
                ('reversing', models.TextField(blank=True, default='', editable=False)),
                ('confirmed_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='confirmed')),
                ('invite', models.BooleanField(default=False, verbose_name='invite')),
                ('inviting', models.BooleanField(default=False, editable=False)),
                ('invited_rows', models.PositiveIntegerField(default=0, verbose_name='invited')),
                ('undo', models.JSONField(blank=True, default=dict, editable=False, verbose_name='undo')),
                ('removed_rows', models.PositiveIntegerField(default=0, verbose_name='removed again')),
                ('restored_rows', models.PositiveIntegerField(default=0, verbose_name='restored')),
                ('left_rows', models.PositiveIntegerField(default=0, verbose_name='left as they are')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('undone_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='undone by')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'ordering': ['-created_at'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ColumnMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=40)),
                ('header', models.CharField(max_length=100)),
                ('normal', models.CharField(max_length=100)),
                ('column', models.CharField(blank=True, max_length=60)),
                ('matched_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['header'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('person', 'resource', 'normal'), name='one_match_for_each_header')],
            },
        ),
        migrations.CreateModel(
            name='ColumnSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=40, verbose_name='what')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('columns', models.JSONField(default=list, verbose_name='columns')),
                ('is_default', models.BooleanField(default=False, verbose_name='default')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'column set',
                'verbose_name_plural': 'column sets',
                'ordering': ['name'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('owner', 'resource', 'name'), name='column_set_name_once')],
            },
        ),
        migrations.CreateModel(
            name='ImportChunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('new', models.PositiveIntegerField(default=0)),
                ('changed', models.PositiveIntegerField(default=0)),
                ('unchanged', models.PositiveIntegerField(default=0)),
                ('bad', models.PositiveIntegerField(default=0)),
                ('rows', models.JSONField(default=list)),
                ('keys', models.TextField(blank=True, default='')),
                ('applied', models.BooleanField(default=False)),
                ('made', models.JSONField(default=list)),
                ('invited', models.PositiveIntegerField(default=0)),
                ('undone', models.PositiveIntegerField(default=0)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunks', to='sheets.importjob')),
            ],
            options={
                'ordering': ['number'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('job', 'number'), name='import_chunk_once')],
            },
        ),
    ]
