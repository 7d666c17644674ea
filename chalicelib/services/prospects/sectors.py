"""Branches of industry, coarse on purpose: a class that thousands share says little about the one in it.

Our own list, along the sections and larger divisions of ISIC Rev. 4. Each has its names in English and
Chinese, for clients to show, and the words by which free text is recognised (English, German, Chinese).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Sector(NamedTuple):
    """One branch: its names, and what is said for it. A word is looked for at the beginning of words; one in
    Chinese anywhere.
    """

    en: str
    zh: str
    words: str


OTHER: Final = "other"

SECTORS: Final[dict[str, Sector]] = {
    "agriculture": Sector(
        "Agriculture, forestry and fishing",
        "农林牧渔",
        "agricultur agrar landwirt farming forestry fishing fisher livestock 农业 林业 渔业 畜牧 养殖 种植",
    ),
    "mining": Sector("Mining and quarrying", "采矿", "mining bergbau quarry minerals 采矿 矿业 煤矿"),
    "food": Sector(
        "Food and beverages",
        "食品饮料",
        "food beverage lebensmittel getränke getraenke brewery dairy 食品 饮料 酒业",
    ),
    "textiles": Sector(
        "Textiles", "纺织", "textile fabric yarn fabrics weberei spinning 纺织 面料 布料 纱线"
    ),
    "apparel": Sector(
        "Clothing and shoes",
        "服装鞋帽",
        "apparel garment clothing fashion footwear shoes bekleidung mode schuhe 服装 服饰 鞋 箱包",
    ),
    "wood_paper": Sector(
        "Wood, paper and packaging",
        "木材、纸与包装",
        "wood timber paper packaging holz papier verpackung 木材 造纸 包装 纸业",
    ),
    "printing": Sector("Printing", "印刷", "printing print druckerei 印刷"),
    "chemicals": Sector(
        "Chemicals", "化工", "chemical chemie chemisch coatings paint fertilizer 化工 化学 涂料"
    ),
    "pharma": Sector(
        "Pharmaceuticals and biotechnology",
        "医药与生物技术",
        "pharma biotech arzneimittel biolog 制药 医药 生物",
    ),
    "plastics": Sector(
        "Rubber and plastics", "橡胶塑料", "plastic rubber kunststoff gummi polymer 塑料 橡胶 塑胶"
    ),
    "building_materials": Sector(
        "Glass, stone and building materials",
        "建材",
        "glass ceramic cement baustoff glas keramik stone tiles 建材 玻璃 陶瓷 水泥 石材",
    ),
    "metals": Sector(
        "Metals and metal products",
        "金属制品",
        "metal steel aluminium aluminum foundry stahl metall hardware 金属 钢铁 铝 五金",
    ),
    "machinery": Sector(
        "Machinery",
        "机械设备",
        "machine maschinen mechanical tools werkzeug pumps valves 机械 机床 设备 泵 阀门",
    ),
    "electrical": Sector(
        "Electrical equipment and lighting",
        "电气与照明",
        "electrical elektrotechnik lighting batteries battery cable kabel led 电气 照明 电池 电缆 灯具",
    ),
    "electronics": Sector(
        "Electronics", "电子", "electronic elektronik semiconductor halbleiter sensor 电子 半导体 芯片 光电"
    ),
    "automotive": Sector(
        "Vehicles and parts",
        "汽车及零部件",
        "automotive automobil vehicle car auto kfz motorcycle 汽车 汽配 摩托",
    ),
    "aerospace": Sector(
        "Aerospace and shipbuilding",
        "航空航天与船舶",
        "aerospace aviation luftfahrt shipbuilding 航空 航天 船舶",
    ),
    "furniture": Sector(
        "Furniture and household goods",
        "家具家居",
        "furniture möbel moebel household kitchenware 家具 家居 厨具",
    ),
    "toys_sports": Sector(
        "Toys, gifts and sports goods",
        "玩具礼品体育",
        "toy gift spielwaren sporting sports sportartikel 玩具 礼品 体育",
    ),
    "medical": Sector(
        "Medical devices", "医疗器械", "medical device medizintechnik optical dental 医疗器械 医疗设备"
    ),
    "energy": Sector(
        "Energy",
        "能源",
        "energy energie solar photovoltaic power utility oil gas wind strom 能源 光伏 电力 石油 太阳能",
    ),
    "water_waste": Sector(
        "Water and waste",
        "环保水务",
        "waste recycling water abwasser entsorgung environment umwelt 环保 水务 回收",
    ),
    "construction": Sector(
        "Construction",
        "建筑",
        "construction bau bauunternehmen civil architecture architekt 建筑 工程施工 装修",
    ),
    "wholesale": Sector(
        "Wholesale and foreign trade",
        "批发与外贸",
        "wholesale trading trade import export distributor großhandel handel 批发 外贸 贸易 进出口",
    ),
    "retail": Sector("Retail", "零售", "retail store shop einzelhandel supermarket 零售 商店 超市"),
    "ecommerce": Sector(
        "Online trade", "电子商务", "ecommerce e-commerce onlinehandel marketplace 电商 电子商务 跨境电商"
    ),
    "logistics": Sector(
        "Transport and logistics",
        "运输物流",
        "logistic logistik transport freight shipping spedition warehouse forwarding 物流 运输 货代 仓储",
    ),
    "hospitality": Sector(
        "Hotels, restaurants and travel",
        "酒店餐饮旅游",
        "hotel hospitality restaurant gastronomie tourism travel reise catering 酒店 餐饮 旅游",
    ),
    "software": Sector(
        "Software and IT",
        "软件与信息技术",
        "software it information edv computer cloud saas internet informatik 软件 信息技术 互联网 网络",
    ),
    "telecom": Sector("Telecommunications", "电信", "telecom telekommunikation mobilfunk 电信 通信"),
    "media": Sector(
        "Media, marketing and advertising",
        "媒体与营销",
        "media advertising marketing publishing werbung verlag agency agentur 传媒 广告 营销 出版",
    ),
    "finance": Sector(
        "Finance and insurance",
        "金融保险",
        "finance financial banking bank insurance versicherung finanz investment 金融 银行 保险 投资",
    ),
    "real_estate": Sector("Real estate", "房地产", "real estate property immobilien realty 房地产 地产 物业"),
    "professional": Sector(
        "Consulting, law and engineering offices",
        "咨询与专业服务",
        "consulting beratung consultancy legal law accounting engineering ingenieur 咨询 法律 会计 审计",
    ),
    "services": Sector(
        "Other services to businesses",
        "商务服务",
        "staffing security cleaning facility dienstleistung personal 人力资源 安保 清洁 商务服务",
    ),
    "education": Sector(
        "Education and research",
        "教育与科研",
        "education school university training research bildung forschung 教育 培训 大学 科研",
    ),
    "health": Sector(
        "Health and social care",
        "卫生与社会服务",
        "health hospital clinic care gesundheit klinik pflege 医院 卫生 健康 诊所",
    ),
    "public": Sector(
        "Public administration and associations",
        "政府与协会",
        "government public association verein verband behörde chamber 政府 协会 商会",
    ),
    OTHER: Sector("Other", "其他", ""),
}
