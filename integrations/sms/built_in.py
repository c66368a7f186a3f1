"""The templates that every installation has. Staff may change their words, and switch them off."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_noop


class BuiltIn(NamedTuple):
    """A template as it is at first."""

    name: str
    texts: dict[str, str]
    by_hand: bool = True


TEMPLATES = {
    "verification": BuiltIn(
        gettext_noop("Verification code"),
        {
            "zh-hans": "您的验证码是${code}，${minutes}分钟内有效。请勿将验证码告诉任何人。",
            "en": "Your code is ${code}, valid for ${minutes} minutes. Do not share it.",
        },
        by_hand=False,
    ),
    "invitation": BuiltIn(
        gettext_noop("Invitation"),
        {
            "zh-hans": "您的账号${name}已开通，请在${days}天内打开链接设置密码：${link} 请勿转发。",
            "en": "Your account ${name} is ready. Choose a password within ${days} days: ${link} Do not pass this on.",
        },
        by_hand=False,
    ),
    "notice": BuiltIn(gettext_noop("Notice"), {"zh-hans": "${text}", "en": "${text}"}),
}


def ensure(key: str, template_model: Any, text_model: Any, **also: Any) -> None:
    """Make the built-in template `key` unless there is one of that key; safe when several do so at once."""
    built_in = TEMPLATES[key]
    template, fresh = template_model.objects.get_or_create(key=key, defaults={"name": built_in.name, **also})
    if fresh:
        rows = [
            text_model(template=template, language=language, text=text) for language, text in built_in.texts.items()
        ]
        text_model.objects.bulk_create(rows, ignore_conflicts=True)
