"""Who imports, and what they are told."""

from django.contrib.auth.models import Group

from accounts.models import Role
from integrations.sheets import services
from integrations.sheets.models import ImportJob

HEADERS = ["用户名", "姓名", "密码", "性别", "手机号", "邮箱"]


def role(key: str, rank: int) -> Role:
    return Role.objects.create(group=Group.objects.create(name=key.title()), key=key, rank=rank)


def errors(job: ImportJob) -> list[str]:
    return [services.error_line(each) for each in services.first_errors(job)]
