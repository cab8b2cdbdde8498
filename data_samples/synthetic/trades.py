"""What the invented firms do: industry codes of GB/T 4754-2017, words for their names, and rough economics."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

__all__ = ["TRADES", "Trade", "draw_trade", "size_grade", "trade_of"]


@dataclass(frozen=True, slots=True)
class Trade:
    """One line of business. Money in 元; ``innovative`` and ``exporting`` are chances in percent."""

    code: str
    section: str
    words: tuple[str, ...]
    scope: str
    weight: int
    staff: int
    revenue_per_head: int
    innovative: int
    exporting: int = 0
    energy_field: str | None = None

    @property
    def manufacturing(self) -> bool:
        """Say whether this is section C."""
        return self.section == "C"


def _trade(line: str) -> Trade:
    code, section, words, scope, weight, staff, revenue, innovative, exporting, energy = line.split("|")
    return Trade(
        code, section, tuple(words.split()), scope, int(weight), int(staff), int(revenue) * 10_000,
        int(innovative), int(exporting), energy or None,
    )  # fmt: skip


# code | section | name words | scope | weight | usual staff | revenue a head 万元 | % innovative | % exporting | energy field
_LINES = """
0111|A|粮食种植 稻米种植|谷物种植,粮食收购,初级农产品销售|3|9|30|2|0|
0141|A|蔬菜种植 农业科技|蔬菜种植,新鲜蔬菜批发,农业技术推广|3|10|25|8|0|
0412|A|水产养殖 生态养殖|水产养殖,水产品批发,饲料销售|3|10|32|4|2|
1311|C|米业 粮油|粮食加工食品生产,粮食收购,食品销售|3|22|90|8|2|
1392|C|食品 豆制品|食品生产,豆制品制造,食品销售|3|28|55|12|6|
1495|C|生物科技 饲料添加剂|食品添加剂生产,饲料添加剂销售,生物技术推广|2|32|85|45|14|
1819|C|服装 服饰|服装制造,服装服饰批发,货物进出口|6|60|26|6|34|
2221|C|纸业|纸浆制造,纸制品制造,纸制品销售|1|90|95|20|10|造纸
2614|C|化工 新材料|化工产品生产(不含许可类),新材料技术研发,货物进出口|3|70|130|55|22|石化化工
2631|C|农化 作物科学|农药生产,农药批发,生物农药技术研发|1|80|110|60|26|石化化工
2641|C|涂料 新材料科技|涂料制造(不含危险化学品),涂料销售,技术服务|2|35|80|45|10|
2720|C|制药 药业|药品生产,药品委托生产,医学研究和试验发展|2|95|95|75|18|
2921|C|塑业 薄膜科技|塑料制品制造,塑料制品销售,包装材料制造|4|30|60|25|16|
3011|C|水泥 建材|水泥生产,水泥制品制造,建筑材料销售|1|80|120|8|0|水泥
3041|C|玻璃|玻璃制造,玻璃深加工,非金属材料销售|1|85|90|20|10|平板玻璃
3130|C|特钢 钢业|钢压延加工,金属材料制造,金属材料销售|1|130|210|25|16|钢铁
3311|C|钢结构 金属制品|金属结构制造,金属结构销售,金属制品研发|6|32|60|22|10|
3443|C|阀门 流体控制|阀门和旋塞研发,阀门制造,阀门销售|4|34|48|45|24|
3484|C|机械 精密机械|机械零部件加工,通用设备制造,机械设备销售|10|26|46|42|14|
3491|C|智能装备 机器人科技|工业机器人制造,智能机器人研发,工业自动控制系统装置销售|5|38|66|85|18|
3525|C|模具 精密模具|模具制造,模具销售,五金产品制造|5|28|45|50|14|
3670|C|汽车零部件 汽车部件|汽车零部件及配件制造,汽车零部件研发,货物进出口|6|58|62|50|24|
3825|C|光伏科技 新能源|光伏设备及元器件制造,太阳能发电技术服务,货物进出口|3|70|120|65|34|
3831|C|线缆 电缆|电线、电缆经营,电线、电缆制造,电工器材销售|4|44|110|40|10|
3841|C|电池 储能科技|电池制造,电池销售,储能技术服务|2|80|105|70|26|
3872|C|照明 光电科技|照明器具制造,半导体照明器件制造,照明器具销售|4|36|52|50|34|
3963|C|无人机科技 航空科技|智能无人飞行器制造,智能无人飞行器销售,航空运输设备研发|2|24|62|92|16|
3973|C|微电子 半导体|集成电路制造,集成电路销售,半导体分立器件制造|2|70|85|92|26|
3982|C|电子 电路科技|电子元器件制造,印制电路板制造,货物进出口|6|64|58|60|34|
4011|C|自动化 测控技术|工业自动控制系统装置制造,仪器仪表制造,软件开发|4|28|58|85|12|
4411|D|热电|热力生产和供应,发电业务,供电业务|1|90|190|8|0|煤电
4710|E|建设工程 建筑|房屋建筑工程施工,建设工程设计,建筑材料销售|6|42|75|6|0|
5011|E|装饰工程 建筑装饰|住宅室内装饰装修,建筑装饰材料销售,专业设计服务|5|12|48|4|0|
5127|F|酒业 商贸|食品销售,酒类经营,日用百货批发|6|7|130|1|0|
5164|F|金属材料 物资|金属材料销售,金属矿石销售,建筑材料销售|6|8|260|2|4|
5174|F|五金 机电设备|五金产品批发,机械设备销售,电子产品销售|7|8|140|4|14|
5211|F|百货 商业管理|日用百货销售,服装服饰零售,食品销售|4|16|45|0|0|
5299|F|贸易 电子商务|互联网销售,日用品销售,电子产品销售|6|7|75|6|12|
5431|G|物流 运输|道路货物运输,国内货物运输代理,装卸搬运|6|18|42|2|0|
5990|G|仓储 供应链管理|普通货物仓储服务,供应链管理服务,装卸搬运|3|16|60|8|4|
6110|H|酒店管理|住宿服务,餐饮服务,会议及展览服务|2|36|20|0|0|
6210|H|餐饮管理 餐饮|餐饮服务,食品销售,餐饮管理|5|16|18|0|0|
6431|I|网络科技 互联网科技|互联网信息服务,互联网数据服务,软件开发|3|14|50|68|2|
6513|I|软件 信息技术|软件开发,软件销售,信息技术咨询服务|8|16|42|88|4|
6531|I|信息系统 数字科技|信息系统集成服务,物联网技术服务,网络设备销售|5|18|55|82|2|
7010|K|置业 房地产开发|房地产开发经营,物业管理,非居住房地产租赁|3|22|280|0|0|
7020|K|物业服务|物业管理,家政服务,停车场服务|4|46|12|0|0|
7249|L|企业管理咨询 商务咨询|企业管理咨询,信息咨询服务,市场调查|5|6|32|4|0|
7320|M|工程技术 科技研发|工程和技术研究和试验发展,技术开发,技术转让|4|16|46|90|2|
7452|M|检测技术|检验检测服务,环境保护监测,认证咨询|2|26|34|60|0|
7519|M|科技发展 科技|技术推广服务,技术咨询,新材料技术推广服务|5|8|40|60|0|
8391|P|职业培训|职业技能培训,教育咨询服务,人力资源服务|1|14|20|2|0|
"""
TRADES = tuple(_trade(line) for line in _LINES.strip().splitlines())

# 国统字 (2017) 213号: staff and revenue (万元) floors of large, medium, small; the lower grade of the two counts.
_STAFF = {"C": (1000, 300, 20), "D": (1000, 300, 20), "F": (200, 20, 5), "G": (1000, 300, 20), "I": (300, 100, 10)}
_REVENUE = {
    "A": (20000, 500, 50), "C": (40000, 2000, 300), "D": (40000, 2000, 300), "E": (80000, 6000, 300),
    "F": (40000, 5000, 1000), "G": (30000, 3000, 200), "H": (10000, 2000, 100), "I": (10000, 1000, 50),
    "K": (200000, 1000, 100),
}  # fmt: skip
_OTHER_STAFF = (300, 100, 10)
_NAMES = ("大型", "中型", "小型", "微型")


def draw_trade(random: Random) -> Trade:
    """Draw a line of business as often as the invented city has it."""
    return random.choices(TRADES, weights=[t.weight for t in TRADES])[0]


def trade_of(code: str) -> Trade:
    """Return the trade with this industry code."""
    return next(t for t in TRADES if t.code == code)


def size_grade(trade: Trade, staff: int, revenue: int) -> str:
    """Grade a firm as HRSS would, by the nearest row of the size standard (an approximation good enough for samples)."""
    grades = [_grade(staff, _STAFF.get(trade.section, _OTHER_STAFF))] if trade.section not in "AE" else []
    if trade.section in _REVENUE:
        grades.append(_grade(revenue // 10_000, _REVENUE[trade.section]))
    return _NAMES[max(grades)]


def _grade(value: int, floors: tuple[int, int, int]) -> int:
    return next((i for i, floor in enumerate(floors) if value >= floor), 3)
