"""Words by which mentions of people and businesses are told, as data, without accents. Read by ``mentions``
and ``mention_forms``.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SURNAMES: Final = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋"
    "田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖"
    "武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐向葛柴伍覃岳刁欧阳張劉陳"
    "楊黃趙吳孫馬鄭羅謝許鄧蕭馮葉呂蔣鍾盧陸譚賈鄒閻龍賀嚴錢龔湯喬顏莊魯倪龐藍聶齊關簡"
)
TWO_SIGN_SURNAMES: Final = (
    "欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|夏侯|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|司徒|端木|南宫|南宮|独孤|獨孤|长孙|長孫"
    "|宇文|轩辕|軒轅"
)
NO_NAMES: Final = (
    "方式|方便|方面|方案|方法|安排|安全|文件|任何|马上|高|金额|金属|于是|常|万|程度|程序|向|石油|白色|黄色"
)
"""Chinese words that begin like a surname."""
FIRST_NAMES: Final = _words(
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
    "Yuki Zoe "
    "Agnieszka Ajay Anil Anja Anke Arjun Ashok Birgit Deepak Dimitrios Dirk Elke Gerhard Gisela "
    "Gunther Hartmut Heiko Helmut Hildegard Holger Ingo Jens Joachim Jochen Jorg Katarzyna Katja "
    "Kerstin Krzysztof Manfred Markus Matthias Mukesh Norbert Piotr Pooja Priyanka Rainer Rajesh "
    "Reinhard Rolf Rudiger Sanjay Silke Silvia Simone Sunil Suresh Susanne Svenja Tanja Thorsten "
    "Tomasz Torsten Tobias Ulrich Uwe Vijay Vikram Volker"
)

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
