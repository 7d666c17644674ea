"""Usual mail, as exporters get it: whoever it names is not in what leaves, and what it says of goods still is."""

from __future__ import annotations

import pytest

from chalicelib.privacy.placeholders import mask, restore

pytestmark = pytest.mark.clause("ai")

ENGLISH = [
    ("From: Priyam Venkataraman <priyam.v@sunrise.example>", "Priyam", "Venkataraman", "sunrise"),
    ("To: rajkumar koothrappal", "rajkumar", "koothrappal"),
    ("Cc: Tomek Kowal <t.kowal@firma.example>; Anneliese Rothen", "Tomek", "Kowal", "Anneliese", "Rothen"),
    ("cc: Rajkumar Kumar, Anilo Ambani, Mukul Ambani", "Rajkumar", "Anilo", "Mukul", "Ambani"),
    ("Reply-To: Kowalski, Janusz <jk@firma.example>", "Kowalski", "Janusz"),
    ("On Mon, 3 Mar 2025, Zebulon Quark <zq@x.example> wrote:", "Zebulon", "Quark"),
    ("On Mon, Mar 3, 2025 at 10:00 AM Hildburg Knef wrote:", "Hildburg", "Knef"),
    ("Zebulon said yes to the price", "Zebulon"),
    ("Best regards, Rajkumar Kumar", "Rajkumar", "Kumar"),
    ("Best regards\n\n--\nRajkumar Kumar", "Rajkumar", "Kumar"),
    ("Kind regards,\n\n\n\nZebulon", "Zebulon"),
    ("Thanks, Zebulon", "Zebulon"),
    ("Cheers Zebulon", "Zebulon"),
    ("KR\nZebulon", "Zebulon"),
    ("Regards\nZEBULINE V.", "ZEBULINE", "V."),
    ("Hi Anilo, Mukul and Zebuline,", "Anilo", "Mukul", "Zebuline"),
    ("Dear Anilo and Zebuline,", "Anilo", "Zebuline"),
    ("hi zebuline,", "zebuline"),
    ("Dear Mr. van der Bergh,", "Bergh", "van der"),
    ("Dear de Souzo,", "Souzo"),
    ("Our CEO Zebulon Quark will call.", "Zebulon", "Quark"),
    ("I spoke with our buyer, Siobahn O'Malley.", "Siobahn", "Malley"),
    ("adding Zebuline Quark (zeb[at]acme dot com)", "Zebuline", "Quark", "acme"),
    ("my name is vikramo singh.", "vikramo", "singh"),
    ("My WeChat is zhangwei88", "zhangwei88"),
    ("wechat jm1984", "jm1984"),
    ("skype live:jmuller84", "jmuller84"),
    ("Skype: live:jmuller", "jmuller"),
    ("Her WhatsApp is +91 98200 12345.", "98200", "12345"),
    ("my id is wxid_9f8a7s6d", "9f8a7s6d"),
    ("passport E12345678", "12345678"),
    ("Passport No. E12345678", "12345678"),
    ("VAT DE123456789", "123456789"),
    ("BIC COBADEFFXXX", "COBADEFF"),
    ("born 12.03.1984", "1984"),
    ("iban de89370400440532013000", "0532"),
    ("Phone 12345", "12345"),
    ("send it to Flat 4B, Kalyani Nagar, Pune 411006.", "4B", "Kalyani"),
    ("221B Baker Street, London NW1 6XE", "Baker", "6XE"),
]
GERMAN = [
    ("Von: Svenjo Petersen <s.petersen@nordstahl.example>", "Svenjo", "Petersen", "nordstahl"),
    ("An: Knef, Hildburg", "Knef", "Hildburg"),
    ("Am 02.03.2025 schrieb Hildburg Knef <h.knef@x.example>:", "Hildburg", "Knef"),
    ("Svenjo Petersen <s@x.example> schrieb:", "Svenjo", "Petersen"),
    ("Viele Grüße, Svenjo", "Svenjo"),
    ("Viele Grüße\nSvenjo", "Svenjo"),
    ("LG Svenjo", "Svenjo"),
    ("lg svenjo", "svenjo"),
    ("Gruß Svenjo", "Svenjo"),
    ("MfG\nSvenjo Petersen", "Svenjo", "Petersen"),
    ("Mit freundlichen Grüßen\ni.A. Svenjo Petersen\nVertrieb", "Svenjo", "Petersen"),
    ("Sehr geehrter Herr von der Heydt,", "Heydt", "von der"),
    ("Sehr geehrter Herr Dr. von der Heydt", "Heydt"),
    ("unser Herr Özdemir meldet sich", "zdemir"),
    ("unser Geschäftsführer Hinnerk Brüggemann möchte Muster", "Hinnerk", "ggemann"),
    ("Tel.0171 2345678", "0171", "2345678"),
    ("Handy: 0171/2345678", "2345678"),
    ("Bitte an Am Sandtorkai 10, 20457 Hamburg.", "Sandtorkai"),
    ("Unter den Linden 77", "Linden"),
    ("Im Winkel 3b", "Winkel"),
    ("Steuernummer 21/815/08150", "08150"),
    ("geb. 1.1.1980", "1980"),
]
CHINESE = [
    ("电话13812345678", "13812345678"),
    ("请拨打 13812345678联系我", "13812345678"),
    ("微信13812345678", "13812345678"),
    ("陈建国13812345678", "陈建国", "建国", "13812345678"),
    ("加我微信zhangwei88", "zhangwei88"),
    ("微信 wxid_abc123", "abc123"),
    ("微信号是zhangwei88", "zhangwei88"),
    ("发件人：周杰轮 <zjl@163.example>", "杰轮", "zjl"),
    ("发件人：周杰轮 主题：报价 抄送：蔡依临", "杰轮", "依临"),
    ("收件人：王垒", "王垒"),
    ("主送: 蔡依临", "依临"),
    ("周杰轮 <zjl@163.example> 于2025年3月3日写道：", "杰轮"),
    ("请联系张炜", "张炜"),
    ("请联系我们采购部的张炜，", "张炜"),
    ("张炜，电话联系", "张炜"),
    ("王垒你好，", "王垒"),
    ("诸葛亮经理", "诸葛"),
    ("明天诸葛孔来上海", "诸葛孔"),
    ("尊敬的欧阳女士", "欧阳"),
    ("司马懿总监", "司马"),
    ("上官先生", "上官"),
    ("姓名：诸葛亮", "诸葛"),
    ("祝商祺\n\n赵丽影", "丽影"),
    ("此致\n敬礼\n谷一明", "谷一明"),
    ("朝阳区建国路甲88号", "建国路", "88"),
    ("QQ号 12345678", "12345678"),
]
NAMES_NOBODY = [
    "We can offer 500 pcs of M8 bolts from 12 May, FOB Shanghai.",
    "Best price, fast delivery.",
    "Thanks for your order of 3 containers.",
    "Our stainless steel pipes are made in Ningbo and shipped from Hamburg.",
    "Please find the offer for Spring 2027: 12,000 pieces at 3.50 USD, 30 days.",
    "Dear customers, the new catalogue is ready.",
    "Hello everyone, prices rise by 4 % in April.",
    "Signal strength is 20 dBm, Bluetooth 5.3, IP67.",
    "HS code 8541.40.90, certificate CE and RoHS.",
    "The meeting is on 2026-12-01 at 10:30.",
    "You can pay by letter of credit or T/T.",
    "Unser Angebot gilt bis Ende Januar. Die Lieferung erfolgt frei Haus nach Hamburg.",
    "Am Montag 10 Uhr, Im Januar 2027 beginnt die Messe in Hannover.",
    "Wir liefern Schrauben, Muttern und Unterlegscheiben aus Edelstahl.",
    "Sehr geehrte Damen und Herren, vielen Dank für Ihre Anfrage.",
    "Die Maschine hat 12 kW Leistung und wiegt 850 kg.",
    "Mit freundlichen Grüßen",
    "本公司专业生产不锈钢管，质量好，价格优惠。",
    "我们的高质量产品，联系方式如下。",
    "交货期30天，付款方式为电汇。",
    "微信和支付宝都可以付款。",
]


@pytest.mark.parametrize(("text", "values"), [(text, values) for text, *values in ENGLISH + GERMAN + CHINESE])
def test_nobody_in_usual_mail_is_shown_to_the_model(text: str, values: list[str]) -> None:
    made, key = mask({"alone": text, "within": f"Hello\n\n{text}\n\n> ok"}, ())
    for value in values:
        assert value not in made["alone"].text
        assert value not in made["within"].text
    assert restore(made["within"].text, key) == (f"Hello\n\n{text}\n\n> ok", 0)


@pytest.mark.parametrize("text", NAMES_NOBODY)
def test_what_is_said_of_goods_stays_readable(text: str) -> None:
    made, _ = mask({"text": text}, ())
    assert made["text"].text == text


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(ENGLISH + GERMAN + CHINESE) >= 60
