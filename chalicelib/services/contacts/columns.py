"""Which column of a table is which field of a contact: by its heading, in the languages our customers' lists
come in, and where there is none by what stands in it. A guess only: whoever imports sees it and may say so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

FIELDS: Final = (
    "name",
    "first_name",
    "last_name",
    "email",
    "company",
    "position",
    "country",
    "phone",
    "social",
)
"""What a column may be. The two halves of a name become one."""

_HEADINGS: Final[Mapping[str, str]] = {
    "name": (
        "name|full name|contact|contact name|contact person|person|display name|customer name|buyer"
        "|buyer name|姓名|名字|名称|联系人|联系人姓名|客户姓名|客户名|聯絡人|聯繫人|姓名全称|称呼"
        "|ansprechpartner|ansprechpartnerin|kontakt|vollständiger name|vor und nachname|kontaktname"
        "|氏名|お名前|nombre|nom complet|nombre completo"
    ),
    "first_name": "first name|firstname|given name|forename|名|vorname|rufname|prénom",
    "last_name": (
        "last name|lastname|surname|family name|姓|姓氏|nachname|familienname|zuname|nom"
        "|nom de famille|apellido|apellidos"
    ),
    "email": (
        "email|e mail|mail|email address|e mail address|mail address|work email|business email"
        "|primary email|邮箱|电子邮箱|邮件|电子邮件|邮箱地址|邮件地址|电邮|郵箱|電郵|電子郵件"
        "|電子郵箱|邮箱账号|メール|メールアドレス|email adresse|e mail adresse|mailadresse"
        "|emailadresse|elektronische post|courriel|adresse email|adresse e mail|correo"
        "|correo electrónico"
    ),
    "company": (
        "company|company name|organisation|organization|organization name|business|firm|employer"
        "|account|account name|公司|公司名称|公司名|企业|企业名称|单位|客户公司|客户名称|公司名稱"
        "|企業|会社|会社名|firma|firmenname|unternehmen|unternehmensname|gesellschaft|betrieb"
        "|arbeitgeber|société|entreprise|empresa"
    ),
    "position": (
        "position|title|job title|role|job|function|designation|职位|职务|岗位|头衔|職位|職務|職稱"
        "|役職|funktion|stelle|berufsbezeichnung|jobtitel|stellung|rolle|poste|fonction|cargo"
        "|puesto"
    ),
    "country": (
        "country|country code|country region|nation|国家|国家地区|国别|地区|國家|所在国家|国|land"
        "|staat|länderkürzel|pays|país"
    ),
    "phone": (
        "phone|phone number|telephone|telephone number|tel|mobile|mobile phone|mobile number|cell"
        "|cell phone|work phone|business phone|whatsapp|电话|电话号码|手机|手机号|手机号码|联系电话"
        "|電話|電話番号|手機|联系方式|telefon|telefonnummer|mobil|mobiltelefon|handy|rufnummer"
        "|handynummer|téléphone|teléfono|tel no"
    ),
    "social": (
        "social|social media|linkedin|linkedin url|linkedin profile|profile|profile url|facebook"
        "|twitter|社交|社交媒体|社交账号|领英|主页|soziale medien|profil|social profile"
    ),
}
_FIELD_OF: Final[Mapping[str, str]] = {
    heading: field for field, headings in _HEADINGS.items() for heading in headings.split("|")
}
_MAIL: Final = re.compile(r"\A\s*[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]{2,}\s*\Z")
_PHONE: Final = re.compile(r"\A\s*\+?[0-9][0-9 ()./-]{5,30}\s*\Z")
_WEB: Final = re.compile(r"\A\s*https?://\S+\s*\Z", re.IGNORECASE)
_COUNTRY: Final = re.compile(r"\A[A-Z]{2}\Z")
_WORDS: Final = re.compile(r"[^\W\d_]{2}")


class Columns(NamedTuple):
    """Whether the first row is a heading, and the number (from 1) of the column each field stands in."""

    header: bool
    fields: dict[str, int]


def guess(rows: Sequence[Sequence[str]], header: bool | None = None) -> Columns:
    """The columns of a table by its first rows; ``header``: what somebody said about the first of them."""
    if not rows:
        return Columns(bool(header), {})
    named = _by_headings(rows[0])
    if header is None:
        header = bool(named) and not any(_MAIL.match(cell) for cell in rows[0])
    if header:
        return Columns(True, named or _by_content(rows[1:]))
    return Columns(False, _by_content(rows))


def field_of(heading: str) -> str | None:
    """The field that a heading names, whatever its case, spacing and punctuation."""
    plain = unicodedata.normalize("NFKC", heading).casefold()
    words = " ".join(re.findall(r"[\w]+", plain.replace("_", " ")))
    words = re.sub(r"\s*\b\d+\b$", "", words)  # "E-mail 1"
    return _FIELD_OF.get(words) or _FIELD_OF.get(words.replace(" ", ""))


def _by_headings(cells: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        field = field_of(cell) if len(cell) <= 60 else None
        if field is not None:
            found.setdefault(field, number)  # of several telephones the first
    return found


def _by_content(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Mail addresses, telephones and web addresses show; then the first words are a name, the next a
    company.
    """
    width = max((len(row) for row in rows), default=0)
    found: dict[str, int] = {}
    kinds = (("email", _MAIL), ("social", _WEB), ("phone", _PHONE), ("country", _COUNTRY))
    for number in range(1, width + 1):
        cells = [row[number - 1] for row in rows if len(row) >= number and row[number - 1].strip()]
        field = next((name for name, shape in kinds if _mostly(shape, cells)), None)
        if field is None and _mostly(_WORDS, cells, search=True):
            field = next((name for name in ("name", "company", "position") if name not in found), None)
        if field is not None:
            found.setdefault(field, number)
    return found


def _mostly(shape: re.Pattern[str], cells: Sequence[str], *, search: bool = False) -> bool:
    look = shape.search if search else shape.match
    return bool(cells) and sum(1 for cell in cells if look(cell)) * 10 >= len(cells) * 7
