"""The words of the Chinese dialogues: tables whose records keep together what belongs together.

Prices, sums and times are worked out here, so that no dialogue can add up wrongly.
"""

from grammar_zh import clock, count, duration, money, number, part_of_day, table

TABLES = {}

TABLES["friend"] = table(
    "name he",
    """
    小明 他
    小红 她
    小丽 她
    小军 他
    小芳 她
    小林 他
    小雨 她
    阿杰 他
    大伟 他
    小雪 她
    小华 他
    乐乐 他
    小东 他
    小梅 她
    思思 她
    小刚 他
    文文 她
    小亮 他
    安安 她
    天天 他
    """,
)
TABLES["teacher"] = table("name", "李老师\n王老师\n张老师\n陈老师\n刘老师\n周老师\n赵老师\n林老师")
TABLES["elder"] = table(
    "name he", "王阿姨 她\n李叔叔 他\n张奶奶 她\n刘爷爷 他\n陈阿姨 她\n赵叔叔 他\n周奶奶 她\n林爷爷 他"
)
TABLES["family"] = table("name he", "妈妈 她\n爸爸 他\n奶奶 她\n爷爷 他\n姐姐 她\n哥哥 他\n外婆 她\n姑姑 她")

# tomorrow's sky, what to take along or put on, what the day is good for
TABLES["sky"] = table(
    "name take do",
    """
    有大雨 记得带伞 在家看电影
    有小雨 出门带把伞 去图书馆看书
    是晴天 出门戴顶帽子 去公园走走
    会下雪 穿厚一点儿 一起堆雪人
    要刮大风 穿件厚外套 在家包饺子
    是阴天 多带一件衣服 去体育馆打球
    是多云 不用带伞 去爬山
    要降温 穿上毛衣 一起吃火锅
    特别热 多喝点儿水 去游泳
    又晴又暖和 穿薄一点儿就行 去放风筝
    """,
)
TABLES["season"] = table(
    "name sight do reason",
    """
    春天 花都开了 去公园看花 不冷也不热
    春天 树都绿了 放风筝 到处都有新的样子
    夏天 荷花开满了池塘 去河里游泳 可以天天吃西瓜
    夏天 晚上满天都是星星 坐在院子里乘凉 暑假可以玩个够
    秋天 树叶都黄了 去山上看红叶 天又高又蓝
    秋天 果子都熟了 去果园摘苹果 风吹在脸上很舒服
    冬天 外面一片雪白 打雪仗 一家人围在一起吃火锅很暖和
    冬天 河面都结了冰 去滑冰 下雪的早晨特别安静
    """,
)

# a dish, its price in a restaurant, how it tastes, how it is made
TABLES["dish"] = table(
    "name price taste first then",
    """
    西红柿炒鸡蛋 十八块 酸酸甜甜的 先把鸡蛋炒好盛出来 再炒西红柿，最后把鸡蛋放回去
    土豆丝 十五块 又脆又香 先把土豆切成细丝，用水洗两遍 再用大火炒，放一点儿醋
    麻婆豆腐 二十块 又麻又辣 先把豆腐切成小块 再放肉末和辣酱一起煮
    红烧肉 四十二块 香得很，一点儿也不油 先把肉切成块，用热水煮一下 再放糖和酱油，小火慢慢烧
    鱼香肉丝 二十八块 酸甜里带一点儿辣 先把肉切成丝 再和木耳、胡萝卜一起炒
    清蒸鱼 四十八块 又鲜又嫩 先在鱼身上放几片姜 再放到锅里蒸十分钟
    青椒肉片 二十六块 很下饭 先把肉片炒熟 再放青椒，炒两分钟就好
    白菜豆腐汤 十六块 清清淡淡的 先把白菜炒软 再加水和豆腐，煮开就行
    红烧茄子 二十二块 软软的，很入味 先把茄子炸一下 再放蒜和酱油烧一会儿
    酸辣汤 十四块 又酸又辣，喝了很暖和 先把豆腐和木耳切成丝 再加醋和胡椒，最后倒入鸡蛋
    """,
)
TABLES["staple"] = table(
    "name measure", "米饭 碗\n饺子 盘\n面条 碗\n炒饭 盘\n包子 个\n馒头 个\n米粉 碗\n馄饨 碗"
)
TABLES["home_meal"] = table(
    "name reason",
    """
    饺子 家里正好有肉和白菜
    面条 又快又方便
    鱼 上午刚买了一条新鲜的
    火锅 天气这么冷，吃了暖和
    炒饭 昨天的米饭还剩不少
    鸡汤 你最近太累了，该补一补
    包子 馅儿已经准备好了
    馄饨 冰箱里还有虾和肉
    红烧肉 好久没吃了
    """,
)
TABLES["breakfast"] = table(
    "name cost",
    """
    一碗豆浆和两根油条 六块
    三个包子和一碗粥 八块
    一个煎饼和一杯豆浆 十块
    一碗馄饨 九块
    两个馒头和一碗粥 五块
    一碗牛肉面 十五块
    一个鸡蛋和一杯牛奶 七块
    """,
)
TABLES["drink"] = table(
    "name measure",
    "热茶 杯\n绿茶 杯\n咖啡 杯\n橙汁 杯\n苹果汁 杯\n热牛奶 杯\n酸奶 瓶\n豆浆 杯\n柠檬水 杯\n红茶 杯",
)

# goods by weight: all prices in tenths of a yuan
_FRUIT = {
    "苹果": 60,
    "香蕉": 45,
    "橘子": 50,
    "葡萄": 120,
    "草莓": 150,
    "西瓜": 25,
    "桃子": 70,
    "梨": 40,
    "樱桃": 200,
}
_GREENS = {"西红柿": 40, "黄瓜": 35, "土豆": 20, "白菜": 15, "胡萝卜": 25, "茄子": 45, "青椒": 50, "豆角": 60}


def _bills(prices, weights):
    for name, price in prices.items():
        for weight in weights:
            total = price * weight
            paid = next(note for note in (100, 200, 500, 1000) if note > total)
            yield {
                "name": name,
                "price": money(price),
                "weight": count(weight) + "斤",
                "total": money(total),
                "paid": money(paid),
                "change": money(paid - total),
            }


TABLES["fruit"] = list(_bills(_FRUIT, (1, 2, 3, 4)))
TABLES["greens"] = list(_bills(_GREENS, (1, 2, 3)))
TABLES["stationery"] = [
    {
        "name": name,
        "measure": measure,
        "price": money(price),
        "many": count(many) + measure,
        "total": money(price * many),
    }
    for name, measure, price in (
        ("铅笔", "支", 15),
        ("本子", "本", 30),
        ("橡皮", "块", 10),
        ("尺子", "把", 20),
        ("钢笔", "支", 120),
        ("彩笔", "盒", 180),
        ("书包", "个", 850),
        ("胶水", "瓶", 25),
    )
    for many in (2, 3, 4)
]
TABLES["clothes"] = table(
    "name measure price off",
    """
    毛衣 件 一百六十块 一百四十块
    外套 件 二百八十块 二百五十块
    裙子 条 一百五十块 一百三十块
    裤子 条 一百二十块 一百块
    衬衫 件 九十块 八十块
    帽子 顶 四十五块 四十块
    鞋 双 二百块 一百八十块
    围巾 条 六十块 五十块
    大衣 件 四百块 三百六十块
    手套 双 三十块 二十五块
    """,
)
TABLES["color"] = table("name", "红色\n蓝色\n白色\n黑色\n绿色\n黄色\n灰色\n粉色\n紫色")
TABLES["gift"] = table(
    "name measure for_whom reason",
    """
    围巾 条 妈妈 冬天戴着暖和
    茶叶 盒 爷爷 他每天都要喝茶
    花 束 妈妈 她最喜欢花了
    画册 本 妹妹 她正在学画画
    篮球 个 弟弟 他天天打球
    书 本 老师 他最爱看书
    手套 双 奶奶 她的手总是凉的
    杯子 个 同事 她的杯子昨天摔坏了
    风筝 只 弟弟 他早就想要了
    相册 本 姐姐 她喜欢拍照
    帽子 顶 爸爸 他早上要出去跑步
    """,
)

# finding the way
_PLACES = (
    "图书馆",
    "医院",
    "火车站",
    "公园",
    "超市",
    "银行",
    "邮局",
    "地铁站",
    "电影院",
    "书店",
    "博物馆",
    "体育馆",
    "药店",
)
TABLES["place"] = [{"name": name} for name in _PLACES]
TABLES["landmark"] = table(
    "name", "一家面包店\n一座小桥\n一棵大树\n一所小学\n一家花店\n一座白色的楼\n一个菜市场\n一家茶馆"
)
TABLES["road"] = [
    {"turn": turn, "side": side, "crossing": crossing, "walk": number(walk) + "分钟"}
    for turn, side in (("左", "右"), ("右", "左"), ("左", "左"), ("右", "右"))
    for crossing, walk in (
        ("第一个路口", 5),
        ("第二个路口", 8),
        ("第三个路口", 15),
        ("红绿灯", 6),
        ("前面的路口", 10),
    )
]
TABLES["bus"] = [
    {"line": number(line) + "路", "stops": count(stops) + "站", "ride": duration(stops * 5)}
    for line in (2, 5, 8, 11, 16, 20, 23, 36)
    for stops in (3, 4, 6, 8)
]
TABLES["subway"] = [
    {"line": number(line) + "号线", "other": number(other) + "号线", "stops": count(stops) + "站"}
    for line, other in ((1, 2), (2, 4), (4, 1), (3, 5), (5, 2), (1, 3))
    for stops in (2, 3, 5, 6)
]

# times that agree
TABLES["trip"] = [
    {
        "leave": part_of_day(leave) + clock(leave),
        "takes": duration(takes),
        "arrive": part_of_day(leave + takes) + clock(leave + takes),
        "price": number(takes // 30 * 30 + 20) + "块",
    }
    for leave in (450, 480, 510, 555, 600, 660, 780, 840, 870, 930)
    for takes in (60, 90, 120, 150, 180, 240)
]
TABLES["show"] = [
    {
        "now": clock(start - left),
        "start": part_of_day(start) + clock(start),
        "left": duration(left),
        "time": clock(start),
    }
    for start in (540, 600, 840, 870, 900, 1110, 1140, 1170, 1200)
    for left in (10, 15, 20, 30, 45, 60)
]
TABLES["meet"] = [
    {"early": part_of_day(hour) + clock(hour), "late": clock(hour + 60), "half": clock(hour + 30)}
    for hour in (540, 570, 600, 840, 870, 900, 960, 1080, 1110)
]
TABLES["day"] = table(
    "name next", "星期一 星期二\n星期二 星期三\n星期三 星期四\n星期四 星期五\n星期五 星期六\n星期六 星期天"
)

TABLES["city"] = table(
    "name sight food how",
    """
    北京 长城 烤鸭 高铁
    西安 古城墙 羊肉面 火车
    成都 大熊猫 火锅 飞机
    杭州 西湖 龙井茶 高铁
    桂林 山和水 米粉 火车
    青岛 大海 海鲜 高铁
    哈尔滨 冰灯 红肠 飞机
    苏州 园林 小笼包 高铁
    昆明 满城的鲜花 米线 飞机
    南京 老城门 盐水鸭 高铁
    大理 雪山和湖 鲜花饼 火车
    上海 江边的夜景 生煎包 高铁
    """,
)

# an illness, its likely cause, the advice
TABLES["illness"] = table(
    "name since cause advice pill",
    """
    头疼 昨天晚上 没睡好 早点儿睡觉，少看手机 一天一次，饭后吃
    发烧 今天早上 着凉了 多喝热水，好好休息 一天三次，一次一片
    咳嗽 前天 感冒了 多喝水，别吃辣的 一天三次，一次两片
    肚子疼 中午 吃了太多凉的东西 这两天吃清淡一点儿 一天两次，饭前吃
    嗓子疼 昨天 话说得太多，水喝得太少 少说话，多喝水 一天三次，一次一片
    牙疼 前天晚上 糖吃得太多 少吃甜的，早晚都要刷牙 疼的时候吃一片
    腿疼 星期天 爬山的时候太累了 休息几天，别跑步 一天一次，睡觉以前用
    眼睛疼 昨天 看电脑看得太久 每过半个小时看看远处 一天三次，一次一滴
    没力气 上个星期 最近太忙，吃饭不按时 按时吃饭，每天走走路 一天两次，一次一片
    """,
)

# a hobby, what it gives, how to begin, a small sign of progress
TABLES["hobby"] = table(
    "name gives begin progress years",
    """
    画画 一拿起笔，心里就安静了 先画身边的小东西 现在能画出一只像样的猫了 三年
    跑步 跑完出一身汗，什么烦恼都没了 先每天慢慢跑十分钟 现在一口气能跑五公里 半年
    游泳 在水里特别放松 先学会在水里呼吸 现在能游二百米了 两年
    下棋 每一步都要动脑筋 先记住每个棋子怎么走 现在能赢爷爷了 四年
    拍照 平常的日子也变得好看了 先学会找光线 上个月有一张照片得了奖 一年
    看书 可以认识很多没见过的人 先挑一本薄的、有意思的 今年已经看完二十本了 十年
    种花 看着它一天天长大，特别高兴 先种一盆好养的 阳台上已经有十几盆了 两年
    做饭 家人吃得开心，我就开心 先学两个简单的菜 现在能做一桌菜了 五年
    骑车 可以去很多公交车到不了的地方 先买一顶合适的头盔 上周骑到了城外的湖边 一年
    唱歌 唱一首歌，一天的累都没了 先跟着自己喜欢的歌唱 上次晚会我还上台了 三年
    写毛笔字 写的时候心特别静 先把横和竖写好 今年春节的对联是我写的 两年
    打羽毛球 出出汗，一个晚上都睡得香 先学发球 现在能和教练打几个来回了 一年
    爬山 站在山顶看下面，心里特别宽 先从小山开始 去年爬了六座山 三年
    """,
)
TABLES["instrument"] = table(
    "name verb hard",
    "钢琴 弹 左手和右手配合\n吉他 弹 换和弦\n小提琴 拉 音准\n二胡 拉 音准\n笛子 吹 换气\n鼓 打 节奏",
)
TABLES["pet"] = table(
    "name measure eats habit nickname",
    """
    小猫 只 鱼 晒着太阳睡觉 咪咪
    小猫 只 小鱼干 在窗台上看鸟 花花
    小狗 条 骨头 跟着我跑来跑去 豆豆
    小狗 只 狗粮 一听到门响就跑过来 毛毛
    兔子 只 胡萝卜 竖着耳朵发呆 小白
    小鸟 只 小米 早上唱歌叫我起床 乐乐
    金鱼 条 鱼食 吐着泡泡游来游去 红红
    乌龟 只 小虾 把头缩在壳里睡觉 慢慢
    """,
)
TABLES["festival"] = table(
    "name food do wish",
    """
    春节 饺子 贴春联、放鞭炮 新年快乐，万事如意
    中秋节 月饼 坐在院子里看月亮 中秋快乐，一家团圆
    元宵节 汤圆 上街看花灯 元宵节快乐，天天开心
    端午节 粽子 去河边看龙舟 端午安康，身体健康
    新年 蛋糕 一起看日出 新年快乐，越来越好
    """,
)
TABLES["subject"] = table(
    "name tip",
    """
    数学 把做错的题再做一遍
    语文 每天读一段课文
    英语 每天记十个单词
    历史 把时间画成一条线
    地理 一边看地图一边记
    物理 先想清楚道理再做题
    化学 多做实验，多问为什么
    """,
)
TABLES["job"] = table(
    "name place do reason",
    """
    老师 小学 教孩子们读书写字 看着孩子们长大很高兴
    医生 医院 给病人看病 能帮别人减轻痛苦
    司机 公交公司 开公交车 每天能见到很多人
    厨师 饭店 给客人做菜 客人吃得香，我就高兴
    护士 医院 照顾病人 病人好了会对我笑
    工程师 软件公司 写程序 能把想法变成真的东西
    记者 报社 到处采访，写新闻 能听到很多人的故事
    警察 派出所 帮助有困难的人 大家觉得安全，我就放心
    花店老板 花店 卖花 每天都能闻到花香
    邮递员 邮局 送信和包裹 人们收到信都很开心
    农民 乡下 种菜、种水稻 看到丰收，一年的辛苦都值了
    """,
)
TABLES["book"] = table(
    "name shelf about",
    """
    童话书 一楼儿童区 一只小熊找朋友
    历史书 三楼左边 古代的城市和人
    科学书 二楼右边 星星和宇宙
    小说 二楼中间 一个女孩在海边长大
    诗集 三楼窗户旁边 山、水和月亮
    画册 一楼左边 四季的花和鸟
    菜谱 一楼右边 家常菜的做法
    编程书 三楼右边 怎么从零写一个程序
    游记 二楼左边 一个人骑车走遍全国
    故事书 一楼中间 老人和孩子的故事
    """,
)
TABLES["ball"] = table(
    "name verb where score",
    """
    篮球 打 学校操场 五十二比五十
    足球 踢 河边的球场 三比二
    羽毛球 打 体育馆 二十一比十九
    乒乓球 打 社区活动室 十一比九
    排球 打 学校体育馆 二十五比二十三
    网球 打 公园的球场 六比四
    """,
)
TABLES["lost"] = table(
    "name measure where",
    """
    雨伞 把 图书馆的门口
    书包 个 教室的椅子上
    钥匙 把 外套的口袋里
    手机 部 沙发的垫子下面
    帽子 顶 公园的长椅上
    眼镜 副 书桌的书本下面
    钱包 个 超市的柜台上
    水杯 个 操场的台阶上
    手套 只 公交车的座位上
    """,
)
TABLES["broken"] = table(
    "name measure how",
    """
    杯子 个 摔碎了
    铅笔 支 弄断了
    书 本 弄湿了
    自行车 辆 碰坏了
    花瓶 个 打碎了
    雨伞 把 弄坏了
    眼镜 副 踩坏了
    """,
)
TABLES["housework"] = table(
    "name done",
    """
    扫地 地扫得真干净
    洗碗 碗洗得真干净
    擦窗户 窗户擦得真亮
    浇花 花都有精神了
    洗菜 菜洗得很干净
    整理房间 房间真整齐
    倒垃圾 厨房一下子干净了
    叠衣服 衣服叠得真整齐
    """,
)
TABLES["failure"] = table(
    "name next",
    """
    考试没考好 把错的题弄懂，下次就会了
    比赛输了 找到不足，好好练，下次再来
    面试没通过 把话说得清楚一点儿，下次会更好
    上台讲话忘了词 多练几遍，下次就不紧张了
    做的菜糊了 下次火小一点儿，就不会糊了
    画又没画好 慢慢来，一张会比一张好
    程序又出错了 一行一行地查，总能找到原因
    钢琴又弹错了 先放慢速度，弹熟了再加快
    投篮总是不进 每天投一百个，手感就有了
    跑步又是最后一名 和昨天的自己比，你已经快了很多
    """,
)

# common knowledge: a question and its answer
TABLES["fact"] = table(
    "question answer",
    """
    一年有几个月？ 十二个月。
    一个星期有几天？ 七天。
    一天有多少个小时？ 二十四个小时。
    一个小时有多少分钟？ 六十分钟。
    一年有几个季节？ 四个，春夏秋冬。
    太阳从哪边出来？ 太阳从东边出来。
    太阳从哪边落下去？ 从西边落下去。
    水到多少度会结冰？ 零度。
    水烧到多少度会开？ 一百度。
    什么动物的脖子最长？ 长颈鹿的脖子最长。
    什么动物最大？ 海里的蓝鲸最大。
    熊猫最爱吃什么？ 熊猫最爱吃竹子。
    兔子爱吃什么？ 兔子爱吃胡萝卜和青草。
    蜜蜂采什么？ 蜜蜂采花蜜。
    一只猫有几条腿？ 四条腿。
    一只鸟有几条腿？ 两条腿。
    一只手有几个手指？ 五个手指。
    中国的首都是哪里？ 中国的首都是北京。
    中国最长的河是哪一条？ 中国最长的河是长江。
    中秋节吃什么？ 中秋节吃月饼。
    端午节吃什么？ 端午节吃粽子。
    元宵节吃什么？ 元宵节吃汤圆。
    红色和黄色放在一起是什么颜色？ 是橙色。
    蓝色和黄色放在一起是什么颜色？ 是绿色。
    黑色和白色放在一起是什么颜色？ 是灰色。
    三加五等于几？ 三加五等于八。
    十减四等于几？ 十减四等于六。
    二乘六等于几？ 二乘六等于十二。
    牛奶是从哪儿来的？ 是从牛身上来的。
    什么时候能看到星星？ 天黑以后，没有云的时候。
    什么时候会出现彩虹？ 雨后出太阳的时候。
    冰化了变成什么？ 变成水。
    鱼生活在哪里？ 鱼生活在水里。
    地球绕着什么转？ 地球绕着太阳转。
    月亮绕着什么转？ 月亮绕着地球转。
    什么车不用油？ 自行车不用油。
    人用什么听声音？ 用耳朵听。
    人用什么闻味道？ 用鼻子闻。
    """,
)
