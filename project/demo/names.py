"""Invented people: Chinese names with their spelling, and some from elsewhere."""

import random
from collections.abc import Iterator
from typing import NamedTuple

SURNAMES = (
    "王 Wang|李 Li|张 Zhang|刘 Liu|陈 Chen|杨 Yang|赵 Zhao|黄 Huang|周 Zhou|吴 Wu|徐 Xu|孙 Sun|胡 Hu|朱 Zhu|高 Gao|林 Lin|"
    "何 He|郭 Guo|马 Ma|罗 Luo|梁 Liang|宋 Song|郑 Zheng|谢 Xie|韩 Han|唐 Tang|冯 Feng|董 Dong|程 Cheng|曹 Cao|袁 Yuan|邓 Deng|"
    "许 Xu|傅 Fu|沈 Shen|曾 Zeng|彭 Peng|吕 Lü|苏 Su|卢 Lu|蒋 Jiang|蔡 Cai|丁 Ding|魏 Wei|薛 Xue|叶 Ye|潘 Pan|杜 Du|戴 Dai|夏 Xia|"
    "欧阳 Ouyang|上官 Shangguan"
)
MEN = (
    "伟 Wei|强 Qiang|磊 Lei|军 Jun|洋 Yang|勇 Yong|杰 Jie|涛 Tao|明 Ming|超 Chao|建国 Jianguo|志强 Zhiqiang|海波 Haibo|子轩 Zixuan|"
    "浩然 Haoran|宇航 Yuhang|俊杰 Junjie|天佑 Tianyou|思远 Siyuan|文博 Wenbo|一鸣 Yiming|嘉豪 Jiahao|立群 Liqun|国栋 Guodong"
)
WOMEN = (
    "芳 Fang|娜 Na|敏 Min|静 Jing|丽 Li|艳 Yan|娟 Juan|霞 Xia|秀英 Xiuying|桂兰 Guilan|雨桐 Yutong|梓涵 Zihan|诗琪 Shiqi|欣怡 Xinyi|"
    "佳怡 Jiayi|梦瑶 Mengyao|雪梅 Xuemei|晓燕 Xiaoyan|婉婷 Wanting|若曦 Ruoxi|慧敏 Huimin|思思 Sisi|可馨 Kexin|语嫣 Yuyan"
)
ELSEWHERE = (
    "Anna Schmidt|安娜|2 James Carter|詹姆斯|1 Sofia Rossi|索菲亚|2 Lukas Meyer|卢卡斯|1 Emma Dubois|艾玛|2 Noah Williams|诺亚|1 "
    "Yuki Tanaka|由纪|2 Minjun Kim|敏俊|1 Olga Petrova|奥尔加|2 Diego García|迭戈|1 Aisha Khan|艾莎|2 Tom O'Brien|汤姆|1"
)
MALE, FEMALE = 1, 2


class Name(NamedTuple):
    """How somebody is called, here and there."""

    real: str
    nick: str
    user: str
    gender: int


def invent(number: int, chance: random.Random) -> list[Name]:
    """Return `number` people with different user names."""
    taken: set[str] = set()
    found: list[Name] = []
    for real, nick, gender in _endless(chance):
        found.append(Name(real, nick, _user_name(real if " " in real else nick, taken), gender))
        if len(found) == number:
            return found
    return found


def _endless(chance: random.Random) -> Iterator[tuple[str, str, int]]:
    foreigners = [(one.split("|")) for one in ELSEWHERE.replace("|1 ", "|1\n").replace("|2 ", "|2\n").split("\n")]
    given = {MALE: _pairs(MEN), FEMALE: _pairs(WOMEN)}
    surnames = _pairs(SURNAMES)
    while True:
        if foreigners and chance.random() < 0.09:
            name, here, gender = foreigners.pop(chance.randrange(len(foreigners)))
            yield name, here, int(gender)
            continue
        sex = chance.choice((MALE, FEMALE))
        (family, spelt_family), (first, spelt_first) = chance.choice(surnames), chance.choice(given[sex])
        yield family + first, f"{spelt_first} {spelt_family}", sex


def _pairs(text: str) -> list[tuple[str, str]]:
    return [(one.split()[0], one.split()[1]) for one in text.split("|")]


def _user_name(latin: str, taken: set[str]) -> str:
    first, _space, last = latin.lower().replace("ü", "v").replace("í", "i").replace("'", "").partition(" ")
    plain = f"{last}{first}"
    name = plain if len(plain) >= 6 else f"{plain}{len(taken) % 90 + 10}"
    while name in taken:
        name = f"{plain}{len(taken) + 100}"
    taken.add(name)
    return name
