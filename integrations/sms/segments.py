"""How many parts a text is sent in, which is what providers are paid for."""

from integrations.sms.phones import CHINA

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_TWICE = frozenset("^{}\\[~]|€\f")
CHINESE = (70, 67)
UNICODE = (70, 67)
LATIN = (160, 153)


def count(text: str, prefix: int, sign_name: str = "") -> int:
    """Return the parts of `text` to that country, with the 【sign name】 that providers put in front."""
    whole = f"【{sign_name}】{text}" if sign_name else text
    if prefix == CHINA:
        return _parts(len(whole), CHINESE)
    if all(one in GSM_7 or one in GSM_7_TWICE for one in whole):
        return _parts(sum(1 + (one in GSM_7_TWICE) for one in whole), LATIN)
    return _parts(len(whole.encode("utf-16-be")) // 2, UNICODE)


def _parts(length: int, limits: tuple[int, int]) -> int:
    alone, each = limits
    return 1 if length <= alone else -(-length // each)
