// What the page says, in both languages. Stops: a title, two to five sentences, a formula. In a formula
// {name} is an array of the stop and gets its colour.

const UI = {
  en: {
    title: "One step, seen",
    value: "value",
    gradient: "gradient",
    forward: "forward",
    backward: "back",
    update: "update",
    play: "Play",
    pause: "Pause",
    previous: "Back one stop",
    next: "On one stop",
    theme: "Dark or light",
    other: "中文",
    map: "The network",
    later: "known only on the way back",
    of: "of",
    ofAll: "{n} of {all} columns: the right next tokens, then the likeliest",
    code: "plain.py, lines {from}–{to}",
    clickHint: "Hover over a cell for its number; click it to see where it comes from.",
    cameFrom: "Made from",
    goesTo: "Goes on to",
    differences: "Finite differences",
    agree: "difference {error}",
    noDifferences: "No finite difference here: {why}",
    masked: "a masked score is −∞, and cannot be moved a little.",
    partial: "the page holds only some layers, and a difference needs all of them.",
    close: "Close",
    given: "This number comes from outside of this page: a weight, or a layer that it does not hold.",
    one: "The way back begins with a one: the loss changes by 1 when the loss changes by 1.",
    zero: "Nothing reaches this cell: it is zero.",
    terms: "{n} terms",
    all: "all terms",
    head: "head",
    token: "token",
    position: "position",
    id: "id",
    layer: "after block {i}",
    embedding: "embeddings",
    loss: "loss",
    probability: "probability",
    before: "before",
    after: "after",
    rate: "learning rate",
    promise: "promised: Σ g·Δw",
    truth: "what happened",
    parameter: "parameter",
    norm: "‖gradient‖",
    moved: "‖move‖",
    largest: "largest move",
    past: "past the block",
    through: "through the block",
    attention: "attention",
    feed: "feed-forward",
    agrees:
      "All {n} arrays and gradients computed on this page equal those of plain.py (largest difference {error}).",
    differs: "Careful: {name} on this page differs from plain.py by {error}.",
    partialCheck:
      "Of its blocks, counted from 0, this page shows {layers}: all of them would make it too large. --layers chooses others.",
    wrong: "wrong",
    right: "right",
    shouldBe: "should be {right}, the mistake gives {wrong}",
    step: "step",
    stopOf: "{i} / {n}",
    block: "Block {i} of {n}",
    nothingWrong:
      "On this one sentence the mistake changes no gradient: it needs a batch of several sequences, a token that comes twice, or a target that is not counted. The curves show what it does in training.",
    wrongArrays: "Wrong gradients, largest relative error first:",
    trainedTiny:
      "A tiny model ({layers} blocks, {heads} heads, {C} features, {size} numbers), trained for {t} steps on a few lines of text. What you see is step {t1}.",
    model:
      "A model of {layers} blocks, {heads} heads, {C} features and {size} numbers. What you see would be the first step of training it further.",
    moves: "{n} of {all} rows shown: the tokens of the text first",
    chooseParameter: "Parameter",
    hoverToken:
      "Hover over a token to see whom it looks at. Blue lines: attention; the thicker, the larger the share.",
    target: "right next token",
    keys: "Keys: ← → a stop, space plays, Tab enters an array, arrows move in it, Enter explains, Esc leaves.",
    totals: "Loss before {before}, after {after}: {change}. The gradient promised {promise}.",
    beyond: "not a number",
    lensNote: "Bold: the token that really comes next.",
    mapTitle: "The network. Bars: ‖gradient‖, on a log scale",
    short: {
      qkv: "q, k, v",
      scores: "S, S_masked",
      shares: "P",
      values: "y",
      attention_out: "+ c_proj",
      feed: "c_fc, gelu",
      feed_out: "+ c_proj",
      logits: "logits, probs",
      loss: "loss",
      embed: "wte + wpe",
      clip: "clip",
      adamw: "AdamW",
      text: "text → ids",
      lens: "logit lens",
      flow: "where it goes",
      parameters: "all parameters",
      after: "loss again",
      bug: "the mistake",
    },
    what: "This is one step of training, number by number. Scroll down: first ↓ the sentence runs through the network and the numbers come out (forward). Then ↑ it runs back, and every number learns whether it should have been larger or smaller (its gradient). At last → the weights move.",
    letters:
      "Letters: T = {T} tokens, C = {C} features of a token, H = {H} heads of D = C/H = {D} features, V = {V} tokens in the vocabulary, N = {N} targets that count. Names such as wte, ln_1 or h.0 (the first block) are GPT-2's, and those of plain.py.",
    reading:
      "A row is a token, a column a feature (or a token that is looked at). White is zero, blue below, vermilion above; full colour at the ± over each map.",
    readingRows: "Pale: a gradient that is not known yet on the way forward.",
    count: "times in the text",
    moveRow: "‖move‖",
    rowsNote:
      "The rows of the token table: what each gets as table, where its token stands in the text, and as head, which scores every token everywhere; and how far the step moves it.",
    in: "flows in",
    out: "flows out",
    lr_note: "The slider moves in {n} steps; each was really tried, with plain.py.",
    scaleBy: "‖g‖ = {norm}, limit {limit}: all gradients times {scale}",
    noClip: "‖g‖ = {norm}, limit {limit}: nothing is shortened",
    fresh:
      "m and v begin at zero: this is the optimiser's first step, t = 1, and m̂/√v̂ is ±1 for every weight.",
    ongoing: "The optimiser has taken {t} steps before this one; m and v remember them.",
    bothFall: "Loss of the tiny model over {n} steps, with the right backward and with the mistake",
    change: "change of the loss",
    notOnPage: "(not stored on this page)",
    forward_long: "forward: the numbers",
    backward_long: "back: the gradients",
    update_long: "update",
  },
  zh: {
    title: "看见一步训练",
    value: "数值",
    gradient: "梯度",
    forward: "前向",
    backward: "反向",
    update: "更新",
    play: "播放",
    pause: "暂停",
    previous: "上一站",
    next: "下一站",
    theme: "深色或浅色",
    other: "English",
    map: "网络",
    later: "反向时才知道",
    of: "/",
    ofAll: "共 {all} 列，这里是 {n} 列：先是正确的下一个词元，再是最可能的",
    code: "plain.py 第 {from}–{to} 行",
    clickHint: "把鼠标放在格子上看数字；点一下，看它是怎么算出来的。",
    cameFrom: "由这些得来",
    goesTo: "接着流向",
    differences: "有限差分",
    agree: "相差 {error}",
    noDifferences: "这里没有有限差分：{why}",
    masked: "被遮住的分数是 −∞，没法轻轻推动它。",
    partial: "本页只有部分层，而差分要用到整个模型。",
    close: "关闭",
    given: "这个数来自本页之外：它是一个权重，或来自本页没有的层。",
    one: "反向从 1 开始：损失变化 1，损失就变化 1。",
    zero: "没有东西流到这一格：它是零。",
    terms: "共 {n} 项",
    all: "所有项",
    head: "头",
    token: "词元",
    position: "位置",
    id: "编号",
    layer: "第 {i} 块之后",
    embedding: "嵌入",
    loss: "损失",
    probability: "概率",
    before: "更新前",
    after: "更新后",
    rate: "学习率",
    promise: "梯度的承诺：Σ g·Δw",
    truth: "实际的变化",
    parameter: "参数",
    norm: "‖梯度‖",
    moved: "‖移动‖",
    largest: "最大移动",
    past: "绕过这一块",
    through: "穿过这一块",
    attention: "注意力",
    feed: "前馈层",
    agrees: "本页算出的 {n} 个数组及其梯度与 plain.py 完全一致（最大相差 {error}）。",
    differs: "注意：本页的 {name} 与 plain.py 相差 {error}。",
    partialCheck: "全部放上来页面会太大，这里只展示从 0 数起的第 {layers} 块；可用 --layers 另选。",
    wrong: "错误",
    right: "正确",
    shouldBe: "应当是 {right}，写错后得到 {wrong}",
    step: "步",
    stopOf: "{i} / {n}",
    block: "第 {i} 块，共 {n} 块",
    nothingWrong:
      "在这一句话上，这个错误没有改变任何梯度：它要在一批多句、出现两次的词元、或不计入损失的目标上才显形。曲线展示了它在训练中的作用。",
    wrongArrays: "出错的梯度，相对误差大的在前：",
    trainedTiny:
      "一个小模型（{layers} 块、{heads} 个头、{C} 个特征、{size} 个数），在几行文字上训练了 {t} 步。你看到的是第 {t1} 步。",
    model:
      "一个有 {layers} 块、{heads} 个头、{C} 个特征、{size} 个数的模型。你看到的，是接着训练它时的第一步。",
    moves: "共 {all} 行，这里是 {n} 行：先是句子里的词元",
    chooseParameter: "参数",
    hoverToken: "把鼠标放在一个词元上，看它在看谁。蓝线表示注意力，越粗份额越大。",
    target: "正确的下一个词元",
    keys: "键盘：← → 换一站，空格播放，Tab 进入数组，方向键在其中移动，回车解释，Esc 离开。",
    totals: "更新前损失 {before}，更新后 {after}：变化 {change}。梯度承诺的是 {promise}。",
    beyond: "不是数",
    lensNote: "粗体：真正的下一个词元。",
    mapTitle: "网络。横条：‖梯度‖，对数刻度",
    short: {
      qkv: "q, k, v",
      scores: "S, S_masked",
      shares: "P",
      values: "y",
      attention_out: "+ c_proj",
      feed: "c_fc, gelu",
      feed_out: "+ c_proj",
      logits: "logits, probs",
      loss: "loss",
      embed: "wte + wpe",
      clip: "裁剪",
      adamw: "AdamW",
      text: "文字 → id",
      lens: "logit lens",
      flow: "梯度的去向",
      parameters: "所有参数",
      after: "再算损失",
      bug: "错误",
    },
    what: "这是训练中的一步，每个数都在这里。往下滚动：先是 ↓ 句子穿过网络，得出数值（前向）；然后 ↑ 倒着走一遍，每个数都得知自己本该大一点还是小一点（它的梯度）；最后 → 权重移动（更新）。",
    letters:
      "字母：T = {T} 个词元，C = {C} 是每个词元的特征数，H = {H} 个头、每头 D = C/H = {D} 个特征，V = {V} 是词表大小，N = {N} 是计入损失的目标数。wte、ln_1、h.0（第一块）等名字沿用 GPT-2，也是 plain.py 里的名字。",
    reading:
      "一行是一个词元，一列是一个特征（或被看的词元）。白色是零，蓝色是负，橙红是正；图上方 ± 后的数对应最深的颜色。",
    readingRows: "浅色：前向时还不知道的梯度。",
    count: "在句中出现几次",
    moveRow: "‖移动‖",
    rowsNote:
      "词表的各行：作为词表（句中出现时）得到多少梯度，作为输出头（给每个位置的每个词元打分）又得到多少，以及这一步移动了多远。",
    in: "流入",
    out: "流出",
    lr_note: "滑块有 {n} 档，每一档都用 plain.py 真正试过。",
    scaleBy: "‖g‖ = {norm}，限度 {limit}：所有梯度乘以 {scale}",
    noClip: "‖g‖ = {norm}，限度 {limit}：不需要缩短",
    fresh: "m 和 v 从零开始：这是优化器的第一步，t = 1，每个权重的 m̂/√v̂ 都是 ±1。",
    ongoing: "在这之前优化器已经走了 {t} 步，m 和 v 还记得它们。",
    bothFall: "小模型在 {n} 步中的损失：正确的反向，与写错的反向",
    change: "损失的变化",
    notOnPage: "（本页没有保存）",
    forward_long: "前向：数值",
    backward_long: "反向：梯度",
    update_long: "更新",
  },
};

const STOPS = {
  text: {
    en: [
      "From text to numbers",
      "The model does not read letters. The text is cut into tokens, pieces that the vocabulary knows, and each token becomes its number in the vocabulary, its id. Below each stands what the model is to guess: the token that really comes next. Every position is a question of its own, so a sentence of T tokens asks T questions at once.",
    ],
    zh: [
      "从文字到数字",
      "模型不认识字。文字先切成词表里有的小片，叫做词元；每个词元换成它在词表里的编号 id。每个词元下面写着模型要猜的东西：真正的下一个词元。每个位置都是一道题，所以 T 个词元的句子一次就出了 T 道题。",
    ],
    formula: "target<sub>t</sub> = idx<sub>t+1</sub>",
  },
  embed: {
    en: [
      "Token and position become vectors",
      "Each id picks its row of a table, {wte} (token embedding): C numbers that say what the token is. A second table, {wpe} (position embedding), has a row for every position: where the token stands. Their sum {x} is the residual stream. Every block will read from it and add to it.",
    ],
    zh: [
      "词元和位置变成向量",
      "每个 id 从表 {wte}（词元嵌入）里取出一行：C 个数，说明它是什么词元。另一张表 {wpe}（位置嵌入）每个位置一行：说明它在哪里。两者之和 {x} 就是残差流，后面的每一块都从中读取，再往里添加。",
    ],
    formula: "{x} = {wte} + {wpe}",
  },
  ln: {
    en: [
      "LayerNorm",
      "Each token by itself: subtract the {mean} of its C numbers and divide by their standard deviation {sigma}. The result {n} has mean 0 and variance 1, whatever size the stream has grown to. A learned weight γ and bias β then stretch and shift each feature. Inside the stream nothing changes: only the branch reads the normalised copy.",
    ],
    zh: [
      "层归一化 LayerNorm",
      "每个词元单独处理：减去自己 C 个数的平均 {mean}，再除以标准差 {sigma}。得到的 {n} 平均为 0、方差为 1，无论残差流已经变得多大。然后用学到的 γ、β 对每个特征缩放和平移。残差流本身不变，只有支路读的是归一化后的副本。",
    ],
    formula: "{n} = ({x} − {mean}) / {sigma} , &nbsp; {sigma} = √({var} + ε) , &nbsp; {ln} = γ ⊙ {n} + β",
  },
  qkv: {
    en: [
      "Queries, keys, values",
      "One matrix makes three vectors of each token, and they are dealt out to the heads. The query {q} says what the token looks for, the key {k} what it offers, the value {v} what it hands over when it is chosen. Each head has D = C/H numbers of each, and works by itself.",
    ],
    zh: [
      "查询、键、值",
      "一个矩阵给每个词元算出三个向量，再分给各个头。查询 {q} 表示它在找什么，键 {k} 表示它能提供什么，值 {v} 是被选中时交出去的内容。每个头各分到 D = C/H 个数，独立工作。",
    ],
    formula: "{qkv} = ln_1 · W + b → {q}, {k}, {v}",
  },
  scores: {
    en: [
      "Scores, and the mask",
      "Row i asks, column j answers: the score {S} is the dot product of query i and key j, over √D so that it does not grow with D. The model must not look at the future: where j > i the score becomes −∞ in {S_masked} (hatched).",
    ],
    zh: [
      "分数与掩码",
      "第 i 行提问，第 j 列回答：分数 {S} 是查询 i 与键 j 的点积，除以 √D，免得它随 D 变大。模型不能偷看后文：凡是 j > i 的地方，{S_masked} 都变成 −∞（画斜线处）。",
    ],
    formula: "{S} = q kᵀ / √D , &nbsp; {S_masked} = {S} (j ≤ i), −∞ (j > i)",
  },
  shares: {
    en: [
      "Who looks at whom",
      "Softmax turns each row of scores into shares {P} that sum to 1: how much of its attention token i gives to token j. What was −∞ gets a share of 0. Beside it is the gradient of each share: where it is blue, a larger share would make the loss smaller.",
    ],
    zh: [
      "谁在看谁",
      "softmax 把每一行分数变成加起来等于 1 的份额 {P}：词元 i 把多少注意力给了词元 j。−∞ 的地方份额是 0。旁边是每个份额的梯度：蓝色表示，份额再大一点，损失就会变小。",
    ],
    formula: "{P} = softmax(S_masked) = e<sup>S</sup> / Σ e<sup>S</sup>",
  },
  values: {
    en: [
      "What attention brings",
      "Each token takes the values of those it looks at, in the proportion of its shares: a weighted mean {y}. The heads then lay their results side by side, {y_joined}. This is the only place where tokens exchange anything.",
    ],
    zh: [
      "注意力带回什么",
      "每个词元按份额收取它所看词元的值，得到加权平均 {y}。各个头的结果并排放在一起，就是 {y_joined}。整个网络里，词元之间只有在这里才交换信息。",
    ],
    formula: "{y} = P · v , &nbsp; {y_joined} = [ y<sub>0</sub> | y<sub>1</sub> | … ]",
  },
  attention_out: {
    en: [
      "Back into the stream",
      "A last matrix mixes what the heads found, {c_proj}, and the result is added to the stream: {x_attn}. Added, not put in its place: what was there stays, and on the way back the gradient will pass here unhindered.",
    ],
    zh: [
      "回到残差流",
      "再用一个矩阵把各个头的发现混合成 {c_proj}，加到残差流上得到 {x_attn}。是相加而不是替换：原来的内容还在，反向时梯度也能毫无阻碍地从这里穿过。",
    ],
    formula: "{c_proj} = y_joined · W + b , &nbsp; {x_attn} = x + {c_proj}",
  },
  feed: {
    en: [
      "Each token thinks for itself",
      "The feed-forward layer widens each token to 4C numbers, {c_fc}, and bends them by GELU: the number times a gate between 0 and 1 that opens as it grows. Large positive numbers pass, negative ones are nearly shut off. Without such a bend all matrices together would be a single one.",
    ],
    zh: [
      "每个词元各自思考",
      "前馈层先把每个词元展宽到 4C 个数 {c_fc}，再用 GELU 弯一下：数乘以一个 0 到 1 之间的门，数越大门开得越大。大的正数通过，负数几乎被关掉。没有这一弯，所有矩阵合起来不过是一个矩阵。",
    ],
    formula:
      "{u} = √(2/π) ({c_fc} + 0.044715 {c_fc}³) , &nbsp; {gate} = (1 + tanh {u})/2 , &nbsp; {gelu} = {c_fc} ⊙ {gate}",
  },
  feed_out: {
    en: [
      "Back into the stream again",
      "A second matrix brings the 4C numbers back to C, {c_proj}, and adds them to the stream: {x_mlp}. This ends the block. The next one begins with what stands here.",
    ],
    zh: [
      "再回到残差流",
      "第二个矩阵把 4C 个数收回到 C 个，即 {c_proj}，加到残差流上得到 {x_mlp}。这一块到此结束，下一块从这里的内容开始。",
    ],
    formula: "{c_proj} = gelu · W + b , &nbsp; {x_mlp} = x_attn + {c_proj}",
  },
  logits: {
    en: [
      "Scores of the next token",
      "The head compares each token's final vector with a row for every token of the vocabulary: the dot product is the score, {logits}. When the head is tied, these rows are the very table that the ids picked from at the start. Softmax makes probabilities of them, {probs}.",
    ],
    zh: [
      "给下一个词元打分",
      "输出头把每个位置最后的向量与词表里每个词元的一行作点积，就是分数 {logits}。权重共享时，这些行正是开头查的那张表。softmax 再把分数变成概率 {probs}。",
    ],
    formula: "{logits} = ln_f · headᵀ , &nbsp; {probs} = softmax({logits})",
  },
  lens: {
    en: [
      "What each layer would say",
      "The head can read the stream earlier than it should: here it does so below the first block and above each. You see the guess take shape. This is called the logit lens. It computes nothing that training uses.",
    ],
    zh: [
      "每一层会说什么",
      "输出头也可以提前去读残差流：这里在第一块之前和每一块之后都读了一次，可以看到猜测逐渐成形。这叫 logit lens（对数几率透镜），训练并不用到它。",
    ],
    formula: "softmax(layernorm({x}) · headᵀ)",
  },
  loss: {
    en: [
      "The loss at every position",
      "How surprised was the model by what really came? −ln of the probability that it gave to the right token: 0 for certainty, large for a miss. The mean of these {losses} is the {loss}, the one number that training makes smaller.",
    ],
    zh: [
      "每个位置的损失",
      "真正的下一个词元出现时，模型有多吃惊？取它给正确词元的概率的 −ln：十拿九稳时是 0，猜错时很大。这些 {losses} 的平均就是 {loss}，训练要减小的就是这一个数。",
    ],
    formula: "{losses} = −ln p(target) , &nbsp; {loss} = Σ {losses} / N",
  },
  loss_backward: {
    en: [
      "The way back begins",
      "From here everything runs backwards. Each number is asked: if you grew a little, by how much would the loss grow? That is its gradient. The loss itself has 1, and each of the N positions shares in the mean with 1/N. In {probs} only the right token counts, and the gradient −1/(N p) is the larger the less likely it seemed.",
    ],
    zh: [
      "反向开始",
      "从这里起一切倒着走。对每个数都问一句：你变大一点点，损失会变大多少？这就是它的梯度。损失自己是 1，平均数里的 N 个位置各占 1/N。在 {probs} 里只有正确的词元有份，梯度 −1/(N p)：概率越小，梯度越大。",
    ],
    formula: "d{losses} = 1/N , &nbsp; d{probs} = −d{losses} / p",
  },
  head_backward: {
    en: [
      "What was predicted minus what came",
      "Through softmax and logarithm together the gradient becomes as simple as can be: the probability, less 1 at the right token, over N. The right token is to be pushed up (blue), all others down, each by as much as it was believed in. Through the head this comes to {ln_f}.",
    ],
    zh: [
      "预测减去事实",
      "把 softmax 和对数合在一起求导，结果再简单不过：概率，在正确词元处减 1，再除以 N。正确的词元要往上推（蓝色），其余往下压，谁被相信得多就压得多。再穿过输出头，就到了 {ln_f}。",
    ],
    formula: "d{logits} = (probs − onehot) / N , &nbsp; d{ln_f} = d{logits} · head",
  },
  ln_backward: {
    en: [
      "Back through LayerNorm",
      "Each of a token's numbers reaches {n} in three ways: directly, through the mean, and through the variance. Hence three terms. They take out of the gradient whatever LayerNorm would undo anyway: moving all numbers alike, or stretching them. The result is added to the gradient that came past the branch: {stream}.",
    ],
    zh: [
      "反向穿过 LayerNorm",
      "每个数经三条路影响 {n}：直接、经过平均、经过方差，所以有三项。它们从梯度中去掉了 LayerNorm 反正会抵消的部分：一起平移，或一起拉长。所得结果加到从旁边绕过来的梯度上，就是 {stream}。",
    ],
    formula: "d{stream} += (dn − mean(dn) − n · mean(dn ⊙ n)) / σ",
  },
  feed_out_backward: {
    en: [
      "At the plus sign the gradient goes both ways",
      "{x_mlp} was a sum, so its gradient goes on unchanged to both addends: past the block, and into it. On its way in, it passes the matrix: every hidden number gets the gradients of all outputs that it fed, each times the weight in between, {gelu}.",
    ],
    zh: [
      "在加号处，梯度两边都走",
      "{x_mlp} 是一个和，所以它的梯度原样传给两个加数：一路绕过这一块，一路进入这一块。进入的那路穿过矩阵：每个隐藏的数，收集它喂过的所有输出的梯度，各乘以中间的权重，得到 {gelu}。",
    ],
    formula: "d{c_proj} = d{x_mlp} , &nbsp; d{gelu} = d{c_proj} · Wᵀ",
  },
  feed_backward: {
    en: [
      "Back through GELU",
      "A product of two factors: {c_fc} counts once as the number that is let through, once because it moves the {gate}. Where the gate is shut, hardly any gradient passes: such a number learns nothing from this token.",
    ],
    zh: [
      "反向穿过 GELU",
      "这是两个因子的乘积：{c_fc} 一次作为被放行的数，一次因为它推动了 {gate}。门关着的地方几乎没有梯度通过，这个数从这个词元学不到什么。",
    ],
    formula: "d{c_fc} = d{gelu} ⊙ {gate} + d{u} ⊙ √(2/π)(1 + 3A {c_fc}²)",
  },
  attention_out_backward: {
    en: [
      "Into attention",
      "Again both ways at the plus sign, and again the matrix transposed. {y_joined} is only cut into heads, and so is its gradient, {y}: nothing is computed.",
    ],
    zh: [
      "进入注意力",
      "在加号处又是两边都走，又乘以转置的矩阵。{y_joined} 只是切成了几个头，它的梯度也照样切开成 {y}，不做任何计算。",
    ],
    formula: "d{c_proj} = d{x_attn} , &nbsp; d{y_joined} = d{c_proj} · Wᵀ",
  },
  values_backward: {
    en: [
      "To the shares and to the values",
      "A value is paid back by all who took from it, each according to its share: {v}. A share's gradient says how well the value it brought would serve: the dot product of value and what the query's gradient asks for, {P}. Beyond the mask too a gradient stands there, but P is 0 in that place, and it goes nowhere.",
    ],
    zh: [
      "回到份额与值",
      "凡是取用过某个值的词元，都按份额把梯度还给它，得到 {v}。份额的梯度则说明它带来的值有多合用：值与查询处梯度的点积，即 {P}。掩码之外也有梯度，不过那里 P 是 0，它流不到任何地方。",
    ],
    formula: "d{v} = Pᵀ · d{y} , &nbsp; d{P} = d{y} · vᵀ",
  },
  shares_backward: {
    en: [
      "Back through softmax",
      "Shares compete: to give more to one is to take from the others. So what counts is not a share's own gradient but by how much it differs from the row's mean δ, weighted by the shares. This δ is what is most often forgotten. Where the mask was, the gradient is 0.",
    ],
    zh: [
      "反向穿过 softmax",
      "份额之间是竞争关系：给一个多，别的就少。所以重要的不是份额自己的梯度，而是它与整行加权平均 δ 相差多少。最常被忘掉的就是这个 δ。有掩码的地方梯度为 0。",
    ],
    formula: "d{S_masked} = {P} ⊙ (d{P} − δ) , &nbsp; δ = Σ {P} d{P}",
  },
  scores_backward: {
    en: [
      "To queries and keys",
      "A score was a dot product, so each side gets the other, times the score's gradient: {q} sums over the keys it looked at, {k} over the queries that looked at it. With {v} they are put together again as {qkv}.",
    ],
    zh: [
      "回到查询与键",
      "分数是点积，所以两边各得到对方乘以分数的梯度：{q} 对它看过的键求和，{k} 对看过它的查询求和。再与 {v} 拼回成 {qkv}。",
    ],
    formula: "d{q} = dS · k / √D , &nbsp; d{k} = dSᵀ · q / √D",
  },
  embed_backward: {
    en: [
      "Down to the tables",
      "At the bottom the gradient {x} of the stream is that of the token's row and of the position's. A token that stands in several places has its row's gradients summed up. And a tied table gets a second term: as head it scored every token at every position, so all of its rows have a gradient, not only those of the text.",
    ],
    zh: [
      "到达词表",
      "到了底部，残差流的梯度 {x} 就是词元那一行和位置那一行的梯度。同一个词元出现几次，它那一行的梯度就加几次。共享的表还有第二项：作为输出头，它在每个位置给每个词元都打过分，所以所有的行都有梯度，不只是句中出现的那些。",
    ],
    formula: "dwte = as_table + as_head",
  },
  flow: {
    en: [
      "Where the gradient goes",
      "The length of the gradient, token by token, at each block: what passes by on the residual stream, and what came back out of the branch and is added. The stream carries the gradient down undiminished; that is why deep networks can be trained at all.",
    ],
    zh: [
      "梯度去了哪里",
      "逐个词元看梯度的长度：每一块里，有多少从残差流上绕过，又有多少从支路出来、加了上去。残差流把梯度不打折扣地一路带下去，深的网络正因此才训练得动。",
    ],
    formula: "x = x<sub>0</sub> + f(x<sub>0</sub>) &nbsp; ⇒ &nbsp; dx<sub>0</sub> = dx + fʹ(dx)",
  },
  parameters: {
    en: [
      "The gradient of every parameter",
      "All tokens share the same weights, so each weight's gradient is a sum over all positions: what it was multiplied with, times the gradient of what it fed. Choose a parameter; click a cell to see which token contributed what.",
    ],
    zh: [
      "每个参数的梯度",
      "所有词元共用同一套权重，所以每个权重的梯度是对所有位置求和：它乘过的数，乘以它喂出的数的梯度。选一个参数，点一个格子，看看每个词元贡献了多少。",
    ],
    formula: "dW = xᵀ · dy , &nbsp; db = Σ dy",
  },
  clip: {
    en: [
      "Clipping",
      "All gradients are taken for one long vector. If it is longer than the limit, all are shortened together, so that the direction stays and no single sentence can throw the model off.",
    ],
    zh: [
      "梯度裁剪",
      "把所有梯度看成一个长向量。若超过限度，就一起缩短：方向不变，任何一句话都不能把模型一下子带偏。",
    ],
    formula: "g ← g · min(1, max_norm / ‖g‖)",
  },
  adamw: {
    en: [
      "AdamW",
      "Two running means for every weight: {m} of the gradient, {v} of its square. Both begin at zero and are corrected for it, {m_hat} and {v_hat}. Their ratio is near ±1 where gradients agree from step to step, and small where they quarrel. So every weight moves by about the learning rate at most, whatever the size of its gradient. Matrices are shrunk a little on top.",
    ],
    zh: [
      "AdamW",
      "每个权重有两个滑动平均：{m} 是梯度的，{v} 是梯度平方的。两者都从零开始，所以要校正成 {m_hat} 和 {v_hat}。各步的梯度方向一致时，它们的比接近 ±1；互相打架时就很小。因此不管梯度多大，每个权重大约最多移动一个学习率。矩阵还要另外缩小一点。",
    ],
    formula: "{move} = −lr · ( {m_hat} / (√{v_hat} + ε) + λ w )",
  },
  after: {
    en: [
      "Was the promise kept?",
      "The gradient promises how the loss changes: Σ g·Δw over all weights. That is a straight line, and the true loss is curved. For small steps they agree. Pull the learning rate up, and see where the promise breaks and the loss rises instead. The model gets better at this sentence; whether it gets better at others, only other sentences can tell.",
    ],
    zh: [
      "承诺兑现了吗？",
      "梯度承诺了损失会怎样变化：对所有权重求 Σ g·Δw。那是一条直线，而真正的损失是弯的。步子小，两者一致；把学习率往上拉，看承诺在哪里落空、损失反而上升。模型在这句话上变好了；在别的句子上有没有变好，要用别的句子才知道。",
    ],
    formula: "Δloss ≈ Σ g · Δw",
  },
  bug: {
    en: [
      "A mistake in the backward",
      "One line of plain.py was changed. Red frames mark every gradient that is wrong by more than a billionth; click one to see what it ought to be. Nothing crashes, and the loss still falls: that is why such mistakes live for years. Only a comparison with finite differences shows them.",
    ],
    zh: [
      "反向里的一个错误",
      "plain.py 有一处被改错了。红框标出所有误差超过十亿分之一的梯度，点一下就能看到它应当是多少。程序不会崩溃，损失照样下降，所以这样的错误能潜伏好几年。只有与有限差分对照才会露馅。",
    ],
    formula: "",
  },
};
