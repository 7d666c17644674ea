"""The forms by which free text mentions somebody, as data: patterns and lists of words.

Read by ``mentions``, which gives them text in compatibility forms and without accents: full-width signs and
Korean syllables have been taken apart. Each pattern's first group, or all of it, is the mention. Patterns
have no repetition inside a repetition without a limit, so that no text takes long to read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from chalicelib.privacy.mention_words import FIRST_NAMES, NO_NAMES, SURNAMES, TWO_SIGN_SURNAMES


def _form(kind: str, *pieces: str) -> tuple[str, str]:
    return kind, "".join(pieces)


_L: Final = r"(?<![^\W\u3040-\u30ff\u3400-\u9fff])"
_R: Final = r"(?![^\W\u3040-\u30ff\u3400-\u9fff])"
"""Where a word begins and ends: Chinese is written next to numbers and Latin letters without a space."""
_APOSTROPHES: Final = "'\\u2019"
_NAME: Final = rf"[^\W\d_a-z][\w{_APOSTROPHES}\-]{{1,30}}"
"""A word that begins with something else than a small letter."""
_SMALL: Final = r"(?:(?:van|von|vom|zu|zum|zur|ter|de|der|den|da|dos|du|bin|al|el|la|le)[ \t]{1,2}){0,2}"
_NAMES: Final = rf"{_SMALL}{_NAME}(?:[ \t]{{1,2}}{_SMALL}(?:{_NAME}|[A-Z]\.)){{0,3}}"
_AND: Final = r"[ \t]{0,2}(?:,|;|/|&|\band\b|\bund\b|\by\b|\bet\b)[ \t]{0,2}"
_LIST: Final = rf"{_NAMES}(?:{_AND}(?:and[ ]|und[ ])?{_NAMES}){{0,8}}"
_WORD: Final = rf"[^\W\d_][\w{_APOSTROPHES}.\-]{{1,30}}"
_HAN: Final = r"[\u3400-\u9fff]"
_TITLES: Final = (
    r"Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Herr|Herrn|Frau|Monsieur|Madame|Mme|Mlle|Senor|Senora|Sra?"
    r"|Signore?|Signora|Sig|Don|Dona|Ing|Capt|Rev"
)
_TITLED: Final = rf"(?:(?:{_TITLES})\.?[ \t]{{1,2}}){{0,2}}(?!(?:{_TITLES})\.)"
_GREETINGS: Final = (
    r"Dear|Hi|Hello|Hey|Hallo|Liebe|Lieber|Guten Tag|Guten Morgen|Bonjour|Chere|Cher|Hola|Estimado|Estimada"
    r"|Querido|Querida|Caro|Cara|Ciao|Ola|Beste|Good (?:morning|afternoon|evening|day)|Attn|Attention|FAO|c/o"
)
_NOBODY: Final = (
    r"(?!(?i:Sirs?|Madam|Team|All|Everyone|Everybody|Customers?|Colleagues?|Friends?|Partners?|There|Both|Damen"
    r"|Kollegen|Herren|Kunden|Kunde|Client|Supplier|Buyer|Again|And|The|This|That|We|Our|You|Your|I|He|She|They|It"
    r"|Guys|Folks|Together|Zusammen|Alle|Is|Was|For|From|To|On|In|At|Not|Interested)\b)"
    rf"(?!(?:{_TITLES})\.)"
)
_CLOSINGS: Final = (
    r"regards|sincerely|faithfully|truly|cheers|thanks|thank you|wishes|best|gru(?:ss|ß)(?:e|en)?|gruessen?"
    r"|cordialement|saludos|cordiali saluti|atenciosamente|yours|rgds|mfg|vg|lg|kr|br"
)
_WARM: Final = (
    r"regards|sincerely|faithfully|truly|cheers|gru(?:ss|ß)(?:en?)?|gruesse|rgds|mfg|vg|lg|saludos"
    r"|cordialement"
)
"""Ends of letters that a name may follow in the same line."""
_HEADERS: Final = (
    r"From|To|Cc|Bcc|Reply-To|Sender|Von|An|Kopie|Absender|Empfanger|De|Para|Da|A|À"
    r"|发件人|收件人|抄送|密送|主送|寄件人|發件人|收件者|寄件者|副本"
)
_WROTE: Final = r"wrote|said|schrieb|sagte|meinte|ecrit|escribio"
_ROLES: Final = (
    r"CEO|CTO|CFO|COO|manager|director|buyer|colleague|boss|assistant|owner|founder|president|secretary|purchaser"
    r"|engineer|Geschaftsfuhrer(?:in)?|Kolleg(?:e|en|in)|Chef(?:in)?|Einkaufer(?:in)?|Leiter(?:in)?|Inhaber(?:in)?"
    r"|Ansprechpartner(?:in)?|Mitarbeiter(?:in)?|Assistentin|Vertriebsleiter(?:in)?"
)
_PAPERS: Final = (
    r"passport|reisepass|pass|ausweis|id|id card|personalausweis|steuernummer|steuer-id|tax id|vat|vat id"
    r"|ust-?id|tin|gstin|ssn|driver'?s licen[cs]e|护照|税号|身份证|证件"
)
_DAYS: Final = (
    r"Montag|Dienstag|Mittwoch|Donnerstag|Freitag|Samstag|Sonntag|Januar|Februar|Marz|April|Mai|Juni|Juli|August"
    r"|September|Oktober|November|Dezember|Jahr|Quartal|Tag|Woche|Lager|Preis|Abschnitt|Kapitel|Bereich|Anhang"
)
_ANNOUNCED: Final = (
    rf"\bmy name is|\bi am called|\bthis is|\bi[{_APOSTROPHES}]m|\bi am|\bich heisse|\bich heiße|\bich bin"
    rf"|\bmein name ist|\bje m[{_APOSTROPHES}]appelle|\bme llamo|\bmi chiamo|\bcontact(?: person)?:?|\bname:"
    r"|\bfrom:|\bto:|\bcc:|\bsigned:|\bsigned by|\bspoke (?:to|with)|\btalked (?:to|with)|\bmet(?: with)?"
    r"|\b(?:call|phone|ring|ask|tell|reach|e-?mail|visit|thank|inform|address|meet|greet)"
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
_HAN_OPENINGS: Final = (
    "尊敬的|亲爱的|敬爱的|致|你好|您好|收件人:?|联系人:?|姓名:?|我叫|我是|本人|名叫|叫做"
    "|联系|请找|转告|告诉|通知|同事|老板|负责人:?"
)
_HAN_SIGN: Final = rf"(?:(?!{_HAN_TITLES}|[你您]好){_HAN})"
_HAN_NAME: Final = (
    rf"(?!{NO_NAMES})(?:(?:{TWO_SIGN_SURNAMES}){_HAN_SIGN}{{1,2}}|[{SURNAMES}]{_HAN_SIGN}{{1,2}})"
)

_BOX: Final = r"[<(\[][^<>()\[\]\s@]{1,64}(?:@|[\[(]at[\])])"
_BEHIND_NAME: Final = r"(?:[<(][^<>()\n]{0,100}[>)])?[ \t]{0,2}:?[ \t]{0,2}"

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
    _form("HANDLE", rf"{_L}(wxid_[A-Za-z0-9]+)"),
    _form(
        "HANDLE",
        rf"(?i){_L}(?:we-?chat|weixin|微信号?|whats-?app|telegram|skype|line id|qq号?|viber|signal|instagram",
        r"|linkedin|facebook|twitter|threema|钉钉|抖音)(?:\s?(?:id|no\.?|号))?\s{0,2}(?:[:=#]|是|为)\s{0,2}",
        r"(@?[A-Za-z0-9_][\w.+\-:]{2,60})",
    ),
    _form(
        "HANDLE",
        rf"(?i){_L}(?:we-?chat|weixin|whats-?app|telegram|skype|line id|qq|viber|threema|instagram|teams)",
        r"(?:\s?(?:id|no\.?|name))?\s{1,2}(?:(?:is|ist|am|on)\s{1,2})?",
        r"((?=[A-Za-z.:\-]{0,30}[\d_])(?!\d{1,4}(?!\w))[A-Za-z0-9_][A-Za-z0-9_.:\-]{3,60})",
    ),
    _form("HANDLE", r"(?i)(?:微信|钉钉|抖音)(?:号码?|id)?\s{0,2}([A-Za-z0-9_][A-Za-z0-9_.\-]{4,40})"),
    _form(
        "ACCOUNT",
        rf"{_L}(?:[A-Z]{{2}}\d{{2}}(?:[ \-]?[A-Z0-9]{{4}}){{2,7}}(?:[ \-]?[A-Z0-9]{{1,4}})?",
        r"|[A-Za-z]{2}\d{2}(?:[ \-]?\d{4}){3,7}(?:[ \-]?\d{1,4})?|[a-z]{2}\d{2}[a-z0-9]{11,30})",
        _R,
    ),
    _form("ACCOUNT", rf"{_L}[A-Z]{{2}}\d{{8,11}}{_R}"),
    _form(
        "ACCOUNT",
        rf"(?i){_L}(?:{_PAPERS})(?:\s?(?:no\.?|nr\.?|number|nummer|card|号码?))?[\s:.#]{{0,3}}",
        rf"([A-Z]{{0,3}}\d[\dA-Z/\-]{{4,20}}){_R}",
    ),
    _form("ACCOUNT", rf"{_L}(?i:bic|swift)(?i:[ \-]code)?[\s:]{{1,3}}([A-Za-z]{{6}}[A-Za-z0-9]{{2,5}}){_R}"),
    _form(
        "ACCOUNT",
        r"(?i)(?:\bborn(?: on)?|\bgeboren(?: am)?|\bgeb\.|\bdob|birthday|date of birth|生日|出生)",
        r"[\s:]{0,3}(\d{1,4}[./\-]\d{1,2}[./\-]\d{1,4})",
    ),
    _form("ACCOUNT", r"(?<![\d.])\d(?:[ \-]?\d){12,18}[Xx]?(?!\d)"),
    _form("PHONE", rf"{_L}(?<!\d[.,])\+?\(?\d(?:[\s().\-/]{{0,3}}\d){{6,15}}{_R}"),
    _form(
        "PHONE",
        rf"(?i)(?:{_L}(?:tel|telefon|phone|fax|mobile|mobil|handy|cell|durchwahl)|电话|手机|传真|热线)",
        r"(?:\s?(?:no\.?|nr\.?|number|号码?))?[.:\s]{0,3}(\+?\(?\d(?:[\s().\-/]{0,3}\d){4,15})",
    ),
    _form(
        "ADDRESS",
        rf"\b\d{{1,5}}[A-Za-z]?[ ,]{{1,2}}(?:[A-Z][\w{_APOSTROPHES}\-]{{1,30}}[ ]){{1,4}}",
        rf"(?:{_STREETS})\b\.?",
    ),
    _form(
        "ADDRESS",
        r"\b(?:[A-Z][\w\-]{1,30}(?:str(?:a(?:ss|ß)e|\.)|weg|platz|allee|gasse|damm|ufer|ring|chaussee"
        r"|kai|brucke|graben|tor|wall|steig|promenade|twiete|stieg)",
        r"|(?:[A-Z][\w\-]{1,30}[ ]){1,2}(?:Stra(?:ss|ß)e|Str\.|Weg|Platz|Allee|Gasse|Ring))",
        r"[ ]{1,2}\d{1,3}[ ]?[a-z]?\b",
    ),
    _form(
        "ADDRESS",
        r"\b(?:rue|avenue|via|viale|calle|rua|avenida|ulica|ul\.)[ ]",
        rf"(?:[\w{_APOSTROPHES}.\-]{{1,30}}[ ,]{{1,2}}){{1,5}}\d{{1,4}}\b",
    ),
    _form(
        "ADDRESS",
        rf"{_HAN}{{1,8}}(?:路|街|大道|巷|胡同|弄)\s?[甲乙丙丁]?\d{{1,5}}\s?(?:号|弄|號)(?:\s?\d{{1,4}}\s?(?:室|楼|栋))?",
    ),
    _form(
        "ADDRESS",
        r"\b(?:Am|An de[rmn]|Im|In de[rmn]|Auf de[rmn]|Zum|Zur|Unter den|Hinter de[rmn]"
        r"|Alte[rs]?|Neue[rs]?|Gro(?:ss|ß)e[rs]?)[ ]",
        rf"(?!(?:{_DAYS})\b)(?:[A-Z][\w\-]{{1,30}}[ ]){{1,2}}\d{{1,3}}(?!\d|[.,]\d|%)",
        r"(?:[ ]?[a-z](?!\w))?(?![ ]?(?:Uhr|St|%|Proz|Euro|EUR))",
    ),
    _form(
        "ADDRESS",
        r"\b(?:Flat|Apt\.?|Apartment|Plot|House No\.?|Door No\.?|P\.?O\.? Box|Postfach|Suite)[ ]#?\w{1,6}",
        rf"(?:,[ ]{_NAME}(?:[ ]{_NAME}){{0,2}}){{0,3}}(?:[ ]\d{{4,6}})?",
    ),
    _form("ADDRESS", rf"{_L}[A-Z]{{1,2}}\d[A-Z\d]?[ ]\d[A-Z]{{2}}{_R}"),
    _form("COMPANY", rf"\b(?:[A-Z][\w&{_APOSTROPHES}.\-]{{1,30}}[ ,]{{1,2}}){{1,5}}(?:{_LEGAL})\b\.?"),
    _form("COMPANY", rf"{_HAN}{{2,20}}(?:有限公司|股份公司|集团|株式会社|公司|厂)"),
    _form("PERSON", rf"{_L}(?:{_TITLES})\.?,?[ \t]{{1,2}}{_TITLED}({_NAMES})"),
    _form(
        "PERSON",
        rf"{_L}(?i:{_CLOSINGS})[,.!]?[ \t]{{0,3}}(?:\n[ \t\-]{{0,3}}){{1,6}}{_TITLED}({_NAMES})",
    ),
    _form("PERSON", rf"{_L}(?i:{_WARM})[,.!:]?[ \t]{{1,3}}{_TITLED}{_NOBODY}({_NAMES})"),
    _form("PERSON", rf"(?m:{_L}(?i:{_CLOSINGS}),[ \t]{{1,3}}{_TITLED}{_NOBODY}({_NAMES})[ \t]{{0,3}}$)"),
    _form("PERSON", rf"(?im)^[ \t>]{{0,4}}(?:{_WARM})[,.!]?[ \t]{{1,3}}{_NOBODY}({_WORD})[ \t]{{0,3}}$"),
    _form(
        "PERSON",
        rf"{_L}(?:i\. ?A\.|i\. ?V\.|ppa\.|gez\.|Im Auftrag)[ \t]{{0,3}}\n?[ \t]{{0,3}}{_TITLED}({_NAMES})",
    ),
    _form("PERSON", rf"(?i:{_ANNOUNCED})[ \t]{{1,2}}{_NOBODY}({_NAMES})"),
    _form(
        "PERSON",
        r"(?i)\b(?:my name is|mein name ist|ich hei(?:ss|ß)e|name:)[ \t]{1,2}",
        rf"{_NOBODY}({_WORD}(?:[ \t]{_WORD})?)",
    ),
    _form(
        "PERSON",
        rf"(?im)^[ \t>]{{0,4}}(?:{_GREETINGS})[ \t]{{1,2}}",
        rf"{_NOBODY}({_WORD}(?:[ \t]{_WORD})?)[ \t]?(?:[,!:]|$)",
    ),
    _form("PERSON", rf"\b(?i:{_ROLES})[,:]?[ \t]{{1,2}}{_TITLED}{_NOBODY}({_NAMES})"),
    _form("PERSON", rf"{_L}((?:{'|'.join(sorted(FIRST_NAMES))})(?:[ \t]{{1,2}}{_NAME}){{0,2}})(?!\w)"),
    _form("PERSON", rf"{_L}((?:{_NAME},?[ \t]{{1,2}}{_SMALL}){{0,3}}{_NAME})[\"']?[ \t]{{0,2}}{_BOX}"),
    _form("PERSON", rf"{_L}({_WORD}(?:[ \t]{_WORD})?)[\"']?[ \t]{{0,2}}{_BOX}"),
    _form("PERSON", rf"({_HAN}{{2,6}})[\"']?\s{{0,2}}{_BOX}"),
    _form("PERSON", rf"{_L}{_NOBODY}({_NAMES})[ \t]{{0,2}}{_BEHIND_NAME}(?:a )?(?:{_WROTE})\b"),
    _form("PERSON", rf"\b(?:schrieb|schreibt)[ \t]{{1,2}}{_TITLED}{_NOBODY}({_NAMES})"),
    _form("PERSON", rf"({_HAN}{{2,4}})\s{{0,2}}{_BEHIND_NAME}(?:于[^\n]{{0,40}}?)?写道"),
    _form("PERSON", rf"((?:{TWO_SIGN_SURNAMES}|[{SURNAMES}]){_HAN_SIGN}{{0,2}}?)(?=(?:{_HAN_TITLES}))"),
    _form("PERSON", rf"(?:{_HAN_OPENINGS})\s{{0,2}}({_HAN_NAME})"),
    _form("PERSON", rf"(?<!{_HAN})({_HAN_NAME})(?=[你您]好)"),
    _form("PERSON", rf"(?:部|公司|我们|厂|集团|店|方)的({_HAN_NAME})(?!{_HAN})"),
    _form("PERSON", rf"(?<!{_HAN})({_HAN_NAME})(?=[\s,:]{{0,3}}(?:电话|手机|微信|\+?\d{{7}}))"),
    _form("PERSON", rf"(?:{TWO_SIGN_SURNAMES}){_HAN_SIGN}{{1,2}}"),
    _form("PERSON", rf"(?:此致|谢谢|祝福|顺祝|愉快|顺利)[!,。]?\s{{1,6}}({_HAN_NAME})(?!{_HAN})"),
    _form("PERSON", rf"(?:敬礼|祝好|商祺|敬上)[!,。]?\s{{1,6}}({_HAN}{{2,4}})(?!{_HAN})"),
    _form("PERSON", r"([\u3040-\u30ff\u3400-\u9fff]{1,6})(?=\s?(?:様|さん|氏|殿))"),
    _form("PERSON", rf"([\u1100-\u11ff]{{4,12}})(?=\s?(?:{_KOREAN}))"),
)
"""What to look for, the surest first. Kinds are ``mentions.Kind``. As text: together they take a tenth of a
second to compile, and only the worker that masks needs them.
"""

LISTS: Final = (
    (
        rf"(?im)^[ \t>*]{{0,6}}(?:{_HEADERS})\*?[ \t]?:\*?[ \t]{{0,3}}"
        rf"([^\n]{{1,400}}?)(?=$|\s{_HAN}{{2,4}}:)"
    ),
    rf"(?:发件人|收件人|抄送|密送|主送)\s{{0,2}}:\s{{0,2}}([^\n:]{{1,200}}?)(?=\s{_HAN}{{2,4}}:|\n|\Z)",
    rf"(?:^|[\s,;:(>])(?i:{_GREETINGS}|cc|bcc)[:.]?[ \t]{{1,2}}{_TITLED}{_NOBODY}({_LIST})",
)
"""Names one after the other; each ``ITEM`` of the first group is a mention."""
ITEM: Final = re.compile(
    r"(?<![^\W\d_])(?!(?:and|und|y|et|dear|hi)\b)[^\W\d_][^\s,;/&<>()\[\]\"@:]{0,40}(?![^\s,;/&<>()\[\]\":])"
    r"(?:[ \t]{1,2}(?!(?:and|und|y|et)\b)[^\W\d_][^\s,;/&<>()\[\]\"@:]{0,40}(?![^\s,;/&<>()\[\]\":])){0,4}"
)

WRITTEN_AT: Final = re.compile(
    r"(?i)\s{0,3}(?:[\[({<]\s{0,2}(?:at|a|@|et|arroba|klammeraffe)\s{0,2}[\])}>]|艾特)\s{0,3}|\s{1,3}(?:at|@)\s{1,3}"
)
WRITTEN_DOT: Final = re.compile(rf"(?i)\s{{0,3}}(?:{_DOT}|点)\s{{0,3}}")

DATE: Final = re.compile(
    r"(?:(?:19|20)\d\d[\-/.]\d{1,2}[\-/.]\d{1,2}|\d{1,2}[\-/.]\d{1,2}[\-/.](?:19|20)\d\d)(?:\s\d{1,2})?"
    r"|\d{4}\.\d{2}(?:\.\d{2,4}){1,2}"
)
"""Numbers that are a day or a customs tariff, not a telephone."""

WIDE_LEGAL: Final = re.compile(r"(?:股份)?有限(?:责任)?公司|股份公司|集团|株式会社|公司")
