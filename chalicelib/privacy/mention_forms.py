"""The forms by which free text mentions somebody, as data: patterns and lists of words.

Read by ``mentions``, which gives them text in compatibility forms and without accents: full-width signs and
Korean syllables have been taken apart. Each pattern's first group, or all of it, is the mention. Patterns
have no repetition inside a repetition without a limit, so that no text takes long to read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _form(kind: str, *pieces: str) -> tuple[str, re.Pattern[str]]:
    return kind, re.compile("".join(pieces))


_APOSTROPHES: Final = "'\\u2019"
_NAME: Final = rf"[^\W\d_a-z][\w{_APOSTROPHES}\-]{{1,30}}"
"""A word that begins with something else than a small letter."""
_SMALL: Final = r"(?:(?:van|von|de|der|den|da|dos|bin|al|el|la|le)[ \t]{1,2}){0,2}"
_NAMES: Final = rf"{_NAME}(?:[ \t]{{1,2}}{_SMALL}{_NAME}){{0,3}}"
_HAN: Final = r"[\u3400-\u9fff]"
_TITLES: Final = (
    r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Herr|Herrn|Frau|Monsieur|Madame|Mme|Mlle|Senor|Senora|Sra?"
    r"|Signore?|Signora|Sig|Don|Dona|Ing|Capt|Rev"
)
_TITLED: Final = rf"(?:(?:{_TITLES})\.?[ \t]{{1,2}}){{0,2}}"
_GREETINGS: Final = (
    r"Dear|Hi|Hello|Hey|Hallo|Liebe|Lieber|Guten Tag|Guten Morgen|Bonjour|Chere|Cher|Hola|Estimado|Estimada"
    r"|Querido|Querida|Caro|Cara|Ciao|Ola|Beste|Good (?:morning|afternoon|evening|day)|Attn|Attention|FAO|c/o"
)
_NOBODY: Final = (
    r"(?!(?:Sirs?|Madam|Team|All|Everyone|Everybody|Customers?|Colleagues?|Friends?|Partners?|There|Both|Damen"
    r"|Kollegen|Herren|Kunden|Kunde|Client|Supplier|Buyer|Again|And|The|This|We|Our|You|I)\b)"
)
_CLOSINGS: Final = (
    r"regards|sincerely|faithfully|truly|cheers|thanks|thank you|wishes|best|gru(?:ss|ß)(?:e|en)?|gruessen?"
    r"|cordialement|saludos|cordiali saluti|atenciosamente|yours"
)
_ANNOUNCED: Final = (
    rf"\bmy name is|\bi am called|\bthis is|\bi[{_APOSTROPHES}]m|\bi am|\bich heisse|\bich heiße|\bich bin"
    rf"|\bmein name ist|\bje m[{_APOSTROPHES}]appelle|\bme llamo|\bmi chiamo|\bcontact(?: person)?:?|\bname:"
    r"|\bfrom:|\bto:|\bcc:|\bsigned:|\bsigned by|\bspoke (?:to|with)|\btalked (?:to|with)|\bmet(?: with)?"
    r"|\b(?:call|phone|ring|ask|tell|reach|e-?mail|visit|thank|inform|address|meet|greet)"
)
_SURNAMES: Final = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋"
    "田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖"
    "武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐向葛柴伍覃岳刁欧阳張劉陳"
    "楊黃趙吳孫馬鄭羅謝許鄧蕭馮葉呂蔣鍾盧陸譚賈鄒閻龍賀嚴錢龔湯喬顏莊魯倪龐藍聶齊關簡"
)
_FIRST_NAMES: Final = _words(
    "Aaron Adam Ahmed Alexander Alice Ali Amanda Amir Ana Andrea Andreas Andrew Angela Anita Anna Anne "
    "Anthony Antonio Barbara Ben Benjamin Bernd Bob Brian Carla Carlos Carmen Caroline Charles "
    "Charlotte Chloe Chris Christian Christina Christine Christoph Claire Claudia Dan Daniel Daniela "
    "David Deborah Dennis Diana Diego Dieter Dmitri Donald Dorothy Edward Elena Elisabeth Elizabeth "
    "Emily Emma Eric Erik Eva Fatima Felix Fernando Fiona Florian Francesco Francois Frank Franz "
    "Gabriel Gary George Georg Giovanni Giulia Gregory Hannah Hans Hassan Heather Heike Heinz Helen "
    "Helga Henry Ian Ibrahim Igor Ines Ingrid Irina Isabel Ivan Jack Jacob James Jane Janet Jason "
    "Javier Jean Jennifer Jessica Jim Joan Joao Joe Johan Johann John Jonathan Jorge Jose Joseph Juan "
    "Julia Julie Jurgen Karen Karin Karl Katharina Katherine Kathrin Keith Kenneth Kevin Khalid Klaus "
    "Larry Lars Laura Lea Lena Leon Linda Lisa Lucas Luca Lucia Luis Lukas Maria Marie Marco Margaret "
    "Marta Martin Martina Mary Matthew Max Mehmet Melissa Michael Michel Michelle Miguel Mohamed "
    "Mohammed Monika Muhammad Nadia Nancy Natalia Nicholas Nicole Nikolai Nina Oliver Olga Omar Pablo "
    "Patricia Patrick Paul Pedro Peter Petra Philip Pierre Priya Rachel Rahul Raj Ralf Rebecca Renate "
    "Ricardo Richard Robert Roberto Roger Ronald Sabine Sandra Sara Sarah Sebastian Sergei Sharon Simon "
    "Sofia Sophie Stefan Stefanie Stephanie Stephen Steven Susan Svetlana Sven Tatiana Thomas Tim "
    "Timothy Tom Ursula Vanessa Victor Viktor Vladimir Walter Wei Werner William Wolfgang Xavier Yusuf "
    "Yuki Zoe"
)
_KOREAN: Final = unicodedata.normalize("NFD", "님|씨|부장|과장|대리")
_END: Final = r"[^\s<>\"',)\]。]"
"""What an address on the web goes on with."""
_DOT: Final = r"(?:\.|[\[({<]\s{0,2}(?:dot|\.|punkt|point|punto)\s{0,2}[\])}>]|\bdot\b)"
_DOMAINS: Final = (
    r"com|net|org|info|biz|io|ai|co|me|eu|de|at|ch|fr|it|es|pt|nl|be|uk|ie|pl|cz|se|no|dk|fi|ru|ua|tr|cn|hk|tw"
    r"|jp|kr|sg|my|id|th|vn|in|pk|ae|sa|za|eg|ng|br|mx|ar|cl|us|ca|au|nz|example|test|shop|xyz|online|top"
)
_LEGAL: Final = (
    r"GmbH(?: & Co\.? KG)?|AG|KG|OHG|UG|e\.K\.|Ltd|Limited|LLC|LLP|PLC|Inc|Corp|Corporation|Co\.,? ?Ltd"
    r"|S\.?A\.?R\.?L|S\.?A\.?S|S\.?A|S\.?L|S\.?r\.?l|S\.?p\.?A|B\.?V|N\.?V|A/S|ApS|AB|Oy|Pte(?:\.? Ltd)?"
    r"|Pty(?:\.? Ltd)?|Sdn\.? Bhd|K\.?K|JSC|OOO"
)
_STREETS: Final = (
    r"Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Square|Close|Crescent|Terrace|Court"
    r"|Place|Quay"
)
_HAN_TITLES: Final = "先生|女士|小姐|太太|夫人|总经理|董事长|总监|总|经理|主任|老师|博士|教授|律师|工"
_HAN_OPENINGS: Final = "尊敬的|亲爱的|敬爱的|致|你好|您好|收件人:?|联系人:?|姓名:?|我叫|我是|本人"

FORMS: Final = (
    _form("SIGN", r"[⟦⟧]"),
    _form(
        "SIGN",
        r"(?i)(?<![A-Za-z])(?:PERSON|EMAIL|PHONE|URL|HANDLE|ADDRESS|COMPANY|ACCOUNT|SIGN)",
        r"[\s_\-]{0,2}\d+(?:[\s_\-]\d+)?",
    ),
    _form("EMAIL", r"(?i)[\w.+\-%'!#$&*/=?^{|}~]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,6}"),
    _form(
        "EMAIL",
        r"(?i)[\w.+\-]{1,64}\s{0,3}[\[({<]\s{0,2}(?:at|a|@|et|arroba|klammeraffe)\s{0,2}[\])}>]",
        rf"\s{{0,3}}[\w\-]{{1,63}}(?:\s{{0,3}}{_DOT}\s{{0,3}}[\w\-]{{2,63}}){{1,5}}",
    ),
    _form(
        "EMAIL",
        r"(?i)(?<![\w.+\-])[^\W\d][\w.+\-]{1,63}\s{1,3}(?:at|@)\s{1,3}[\w\-]{1,63}",
        rf"(?:\s{{0,3}}{_DOT}\s{{0,3}}[^\W\d][\w\-]{{1,63}}){{1,5}}",
    ),
    _form(
        "EMAIL",
        r"(?i)[\w.+\-]{1,64}\s{0,2}艾特\s{0,2}[\w\-]{1,63}(?:\s{0,2}(?:\.|点)\s{0,2}[\w\-]{2,63}){1,5}",
    ),
    _form("URL", rf"(?i)\b(?:https?|ftp|mailto|tel|weixin)://?{_END}{{2,500}}"),
    _form("URL", rf"(?i)\bwww\.{_END}{{3,500}}"),
    _form(
        "URL",
        rf"(?i)(?<![\w@.])(?:[a-z0-9\-]{{1,63}}\.){{1,5}}(?:{_DOMAINS})(?![\w\-])(?:/{_END}{{0,400}})?",
    ),
    _form("HANDLE", r"(?<![\w@.])@[A-Za-z0-9_][A-Za-z0-9_.]{2,40}"),
    _form(
        "HANDLE",
        r"(?i)(?:we-?chat|weixin|微信号?|whats-?app|telegram|skype|line id|qq号?|viber|signal|instagram",
        r"|linkedin|facebook|twitter|threema|钉钉|抖音)(?:\s?(?:id|no\.?|号))?\s{0,2}[:=#]\s{0,2}(@?[\w.+\-]{3,60})",
    ),
    _form("ACCOUNT", r"\b[A-Z]{2}\d{2}(?:[ \-]?[A-Z0-9]{4}){2,7}(?:[ \-]?[A-Z0-9]{1,4})?\b"),
    _form("ACCOUNT", r"(?<![\d.])\d(?:[ \-]?\d){12,18}[Xx]?(?!\d)"),
    _form("PHONE", r"(?<![\w.,])\+?\(?\d(?:[\s().\-/]{0,3}\d){6,15}(?![\w])"),
    _form(
        "ADDRESS",
        rf"\b\d{{1,5}}[A-Za-z]?[ ,]{{1,2}}(?:[A-Z][\w{_APOSTROPHES}\-]{{1,30}}[ ]){{1,4}}",
        rf"(?:{_STREETS})\b\.?",
    ),
    _form(
        "ADDRESS",
        r"\b(?:[A-Z][\w\-]{1,30}(?:str(?:a(?:ss|ß)e|\.)|weg|platz|allee|gasse|damm|ufer|ring|chaussee)",
        r"|(?:[A-Z][\w\-]{1,30}[ ]){1,2}(?:Stra(?:ss|ß)e|Str\.|Weg|Platz|Allee|Gasse|Ring))",
        r"[ ]{1,2}\d{1,4}[ ]?[a-z]?\b",
    ),
    _form(
        "ADDRESS",
        r"\b(?:rue|avenue|via|viale|calle|rua|avenida|ulica|ul\.)[ ]",
        rf"(?:[\w{_APOSTROPHES}.\-]{{1,30}}[ ,]{{1,2}}){{1,5}}\d{{1,4}}\b",
    ),
    _form(
        "ADDRESS",
        rf"{_HAN}{{1,8}}(?:路|街|大道|巷|胡同)\s?\d{{1,5}}\s?(?:号|弄|號)(?:\s?\d{{1,4}}\s?(?:室|楼|栋))?",
    ),
    _form("COMPANY", rf"\b(?:[A-Z][\w&{_APOSTROPHES}.\-]{{1,30}}[ ,]{{1,2}}){{1,5}}(?:{_LEGAL})\b\.?"),
    _form("COMPANY", rf"{_HAN}{{2,20}}(?:有限公司|股份公司|集团|株式会社|公司|厂)"),
    _form("PERSON", rf"\b(?:{_TITLES})\.?,?[ \t]{{1,2}}{_TITLED}({_NAMES})"),
    _form("PERSON", rf"(?:^|[\s,;:(>])(?:(?i:{_GREETINGS}))[:.]?[ \t]{{1,2}}{_TITLED}{_NOBODY}({_NAMES})"),
    _form(
        "PERSON",
        rf"(?i:{_CLOSINGS})[,.!]?[ \t]{{0,3}}(?:\r?\n[ \t]{{0,3}}){{1,3}}{_TITLED}({_NAMES})",
    ),
    _form("PERSON", rf"(?i:{_ANNOUNCED})[ \t]{{1,2}}{_NOBODY}({_NAMES})"),
    _form("PERSON", rf"\b((?:{'|'.join(sorted(_FIRST_NAMES))})(?:[ \t]{{1,2}}{_NAME}){{0,2}})(?!\w)"),
    _form("PERSON", rf"([{_SURNAMES}]{_HAN}{{0,2}}?)(?=(?:{_HAN_TITLES}))"),
    _form("PERSON", rf"(?:{_HAN_OPENINGS})\s{{0,2}}([{_SURNAMES}]{_HAN}{{1,2}})"),
    _form(
        "PERSON",
        rf"(?:此致|敬礼|祝好|顺颂商祺|谢谢|敬上)[!,。]?\s{{1,6}}([{_SURNAMES}]{_HAN}{{1,2}})(?!{_HAN})",
    ),
    _form("PERSON", r"([\u3040-\u30ff\u3400-\u9fff]{1,6})(?=\s?(?:様|さん|氏|殿))"),
    _form("PERSON", rf"([\u1100-\u11ff]{{4,12}})(?=\s?(?:{_KOREAN}))"),
)
"""What to look for, the surest first. Kinds are ``mentions.Kind``."""

DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d[\-/.]\d{1,2}[\-/.]\d{1,2}|\d{1,2}[\-/.]\d{1,2}[\-/.](?:19|20)\d\d)(?:\s\d{1,2})?"
)
"""Numbers that are a day, not a telephone."""

PARTICLES: Final = _words(
    "mr mrs ms dr prof van von de der den da dos del la le el al bin ibn and und y e jr sr ing"
)
"""Parts of a name that say nothing of whose it is."""

SHARED_MAILBOXES: Final = _words(
    "info sales office contact mail hello support admin service export import team einkauf vertrieb"
)
FREE_MAIL: Final = _words(
    "gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com gmx.de gmx.net "
    "web.de qq.com 163.com 126.com foxmail.com sina.com proton.me protonmail.com mail.ru yandex.ru"
)
NETWORKS: Final = _words(
    "linkedin.com facebook.com instagram.com twitter.com x.com t.me wa.me xing.com weibo.com github.com "
    "youtube.com tiktok.com"
)
LEGAL_FORMS: Final = _words(
    "gmbh ag kg ohg ug ltd limited llc llp plc inc corp corporation co company sa sarl sas sl srl spa "
    "bv nv ab oy as aps pte pty sdn bhd kk jsc ooo group holding"
)
COMMON_IN_NAMES: Final = _words(
    "the global international export import trading trade general national china german germany asia "
    "asian europe european american british united first best new old north south east west world green "
    "blue smart digital industrial industries technology tech solutions services service systems "
    "logistics foods food medical"
)
"""Words so common in names of businesses that they tell nobody."""
WIDE_LEGAL: Final = re.compile(r"(?:股份)?有限(?:责任)?公司|股份公司|集团|株式会社|公司")
