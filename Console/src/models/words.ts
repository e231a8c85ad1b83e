import { words } from "../shared/words";

export const useModelWords = words({
    en: {
        title: "Models & prices", note: "What can be called, by which way, and at which price.", add: "Add model", edit: "Edit", import: "Import prices", back: "All models", missing: "There is no such model.",
        name: "Name", displayName: "Display name", description: "Description", provider: "Provider", upstream: "Called there", state: "State", active: "active", inactive: "inactive", any: "Any", stateFilter: "State",
        context: "Context", contextLength: "Context length", maxOutput: "Most output", defaultOutput: "Usual output", overhead: "Prompt overhead", capabilities: "Capabilities",
        input: "Input / 1M", output: "Output / 1M", cost: "Cost in / out", margin: "Margin", noPrice: "no price", noPriceNote: "Without a price its calls are refused.", noProvider: "no provider",
        empty: "No model yet.", emptyNote: "Add one by hand, or compare the models of a provider.", toProviders: "Providers",
        nameNote: "What clients ask for; unique.", upstreamNote: "Empty: the same name.", contextNote: "Tokens of input and output together.", maxNote: "At most the context length. Empty: as the context length.", defaultNote: "What a call without a limit may have. Empty: as most output.", overheadNote: "What a prompt may have beyond its bytes: templates, roles, tools.", capabilitiesNote: "Words such as vision, tools; with commas between them.", isActive: "It can be called",
        route: "Way to the provider", limits: "Limits", about: "What it is", costs: "What the provider takes", costsNote: "In dollars per million tokens. All empty: the list price.",
        created: "{name} is a model now. It needs a price and a group.", saved: "{name} is changed.", deactivate: "Deactivate", activate: "Activate", deactivated: "{name} cannot be called any more.", activated: "{name} can be called again.",
        price: "Price in force", since: "since {when}", perMillion: "Dollars per million tokens", class: "Class", listPrice: "Price", costPrice: "Cost", as: "as {class}", perCall: "A call", usage: "Usage", calls: "Calls",
        history: "Price history", historyLabel: "Price steps of input and output, in dollars per million tokens", version: "From", current: "in force", future: "to come", past: "past", sample: "Sample bill", sampleNote: "1,000 input, 1,000 cached and 500 output tokens.", removeFuture: "Remove", removeTitle: "Remove the price to come?", removeNote: "From {when} on the price before it stays in force.", removed: "The price to come is removed.",
        newPrice: "New price", newPriceNote: "A new version; bills of earlier calls stay as they are.", from: "In force from", fromNote: "In your time zone ({zone}). Empty: at once.", priced: "{name} has a new price.", allowHigh: "It is above $1,000 per million tokens, and meant to be", sampleNow: "now {amount}", optional: "Other classes", emptyAs: "Empty: as {class}.",
        priceInput: "Input", priceCached: "Read from cache", priceWrite5m: "Written to cache, 5 minutes", priceWrite1h: "Written to cache, 1 hour", priceOutput: "Output", priceReasoning: "Reasoning", priceAudioIn: "Audio in", priceAudioOut: "Audio out", priceImage: "Images",
        fee: "Fee a call", routes: "Ways", weight: "Weight", priority: "Priority", groups: "In groups",
    },
    zh: {
        title: "模型与价格", note: "可以调用什么、经由哪里、按什么价格。", add: "添加模型", edit: "编辑", import: "导入价格", back: "全部模型", missing: "没有这个模型。",
        name: "名称", displayName: "显示名称", description: "说明", provider: "提供商", upstream: "对方名称", state: "状态", active: "启用", inactive: "停用", any: "全部", stateFilter: "状态",
        context: "上下文", contextLength: "上下文长度", maxOutput: "最大输出", defaultOutput: "默认输出", overhead: "提示附加", capabilities: "能力",
        input: "输入 / 百万", output: "输出 / 百万", cost: "成本 入 / 出", margin: "毛利", noPrice: "无价格", noPriceNote: "没有价格的模型，调用会被拒绝。", noProvider: "无提供商",
        empty: "还没有模型。", emptyNote: "手动添加，或比对提供商的模型。", toProviders: "提供商",
        nameNote: "客户端请求时使用；不可重复。", upstreamNote: "留空则同名。", contextNote: "输入与输出合计的 Token 数。", maxNote: "不超过上下文长度。留空则等于上下文长度。", defaultNote: "未设上限的调用可用的输出。留空则等于最大输出。", overheadNote: "提示在其字节数之外可能增加的 Token：模板、角色、工具。", capabilitiesNote: "例如 vision、tools，以逗号分隔。", isActive: "可以调用",
        route: "通往提供商", limits: "限制", about: "基本信息", costs: "提供商的收费", costsNote: "美元 / 百万 Token。全部留空则按标价。",
        created: "已添加模型 {name}。还需设定价格并加入模型组。", saved: "已修改 {name}。", deactivate: "停用", activate: "启用", deactivated: "{name} 已不可调用。", activated: "{name} 恢复可调用。",
        price: "当前价格", since: "自 {when}", perMillion: "美元 / 百万 Token", class: "类别", listPrice: "价格", costPrice: "成本", as: "同{class}", perCall: "每次调用", usage: "用量", calls: "调用",
        history: "价格历史", historyLabel: "输入与输出价格的变化，美元 / 百万 Token", version: "生效时间", current: "生效中", future: "将生效", past: "已过", sample: "示例账单", sampleNote: "1,000 输入、1,000 缓存与 500 输出 Token。", removeFuture: "删除", removeTitle: "删除将生效的价格？", removeNote: "{when} 之后沿用此前的价格。", removed: "已删除将生效的价格。",
        newPrice: "新价格", newPriceNote: "新增一个版本；此前调用的账单保持不变。", from: "生效时间", fromNote: "按您的时区（{zone}）。留空则立即生效。", priced: "{name} 有了新价格。", allowHigh: "价格高于每百万 Token 1,000 美元，确实如此", sampleNow: "现为 {amount}", optional: "其他类别", emptyAs: "留空则同{class}。",
        priceInput: "输入", priceCached: "缓存读取", priceWrite5m: "缓存写入（5 分钟）", priceWrite1h: "缓存写入（1 小时）", priceOutput: "输出", priceReasoning: "推理", priceAudioIn: "音频输入", priceAudioOut: "音频输出", priceImage: "图像",
        fee: "每次调用费用", routes: "路径", weight: "权重", priority: "优先级", groups: "所在模型组",
    },
});
