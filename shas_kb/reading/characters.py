"""Characters and words that serve grammar in Chinese and Japanese: phrases neither begin nor end with them."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# characters of grammar rather than of content: a phrase neither begins nor ends with one
FUNCTION_CHARACTERS = frozenset(
    "的了是着吗呢吧啊们这那哪我你您他她它在和与及或但且即若而则被把将从向往于给让使跟就也都还又再才只很更最太没未些此其之每各某什么怎几乎"
    "吾矣焉哉兮第当以该须"
)
NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿两")
# characters before which a measure word stands, or what it measures
COUNTING_CHARACTERS = NUMERALS | frozenset("这那该此每各某几第数")
# what is counted in contracts, calendars and lists; not what makes terms ("二次", "三维")
MEASURES = frozenset("条款章节年月日天岁个名份倍")
# prepositions and auxiliaries, which also begin words
LEADING_CHARACTERS = frozenset("由对按经为因可应已均并及所有能会要如自用")
# what tells where or when, at the end of three characters or more
PLACING_CHARACTERS = frozenset("中内上下里时前后间等")
# words that begin with the character for "this", and do not mean it
WORDS_OF_THIS = _words("本质 本科 本地 本金 本能 本体 本土 本色 本领 本国 本票 本机 本原 本征 本科生 本地化 本体论")
# Chinese words of grammar, and such as go with any subject
FUNCTION_WORDS = _words("""
    以及 以上 以下 以后 以前 以内 以外 以来 以便 以致 以免 可以 可能 可是 可见 能够 能否 应当 应该 必须 需要 须要
    不得 不能 不会 不可 不是 不要 不同 不再 不仅 不但 不管 不论 不过 不应 没有 没法 无法 无论 如果 如何 如此 如下
    如上 例如 比如 譬如 假如 假设 倘若 除非 除了 除外 因为 因此 因而 由于 所以 所有 所需 所谓 于是 然后 然而 虽然
    尽管 即使 即可 就是 就会 只要 只有 只能 只是 只需 但是 并且 并非 并不 而且 而是 或者 或是 还是 还有 还要 还可
    既然 既是 根据 按照 依照 依据 关于 对于 至于 通过 经过 随着 作为 成为 称为 记为 视为 认为 以为 变为 分为 设为
    进行 予以 给予 加以 得到 得出 达到 获得 取得 使得 使用 利用 采用 采取 用于 用来 属于 等于 大于 小于 位于 基于
    处于 由此 因其 包括 包含 含有 具有 拥有 存在 出现 发生 产生 造成 导致 引起 形成 构成 组成 提供 提出 给出 表示
    表明 说明 显示 显然 考虑 注意 发现 看到 知道 了解 理解 希望 开始 结束 继续 完成 实现 成立 满足 符合 适合 适用
    有关 相关 相应 对应 相同 同样 类似 一样 一般 一定 一个 一些 一种 一次 一下 一旦 一直 一起 某个 某些 某种 每个
    每次 各个 各种 各类 多个 多种 许多 大量 大家 我们 你们 他们 它们 自己 本身 其中 其他 其它 其余 其实 这个 这些
    这种 这样 这里 这时 那么 那个 那些 那样 什么 怎么 怎样 为何 为什么 为了 之间 之后 之前 之一 之内 之外 之中 之和
    当中 当前 目前 现在 今天 后来 同时 时候 此时 此外 此后 另外 另一 首先 其次 最后 最终 最好 最多 最少 至少 至多
    非常 十分 比较 较为 更加 尤其 特别 往往 通常 常常 经常 已经 曾经 正在 将要 立即 及时 及其 容易 困难 简单 复杂
    直接 间接 分别 分成 全部 部分 整个 任何 任意 任一 方面 方式 方法 情况 情形 问题 东西 事情 结果 原因 过程 内容
    作用 意义 左右 上述 下述 下列 前述 前款 所述 规定 要求 负责 应予 可由 均为 均可 即为 就能 是否 有没有 与否 来说
    而言 起来 出来 下来 下去 进去 上面 下面 前面 后面 里面 外面 那里 哪里 本文 本页 本页面 本章 本节 本人
""")
FUNCTION_KANA = frozenset("のはがをにへともでやかなただけれさらりるすせいうくてまこそあよねわ")
