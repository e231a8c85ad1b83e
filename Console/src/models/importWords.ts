import { words } from "../shared/words";

export const useImportWords = words({
    en: {
        title: "Import prices", note: "From a price table of LiteLLM's form (model_prices_and_context_window.json). Nothing changes until you apply it.",
        file: "File", paste: "Or paste it here", compare: "Compare", notJSON: "It is no JSON: {reason}", tooLarge: "The table is larger than 4 MiB. Paste the entries that matter.",
        result: "What it would change", none: "There is no model here yet.", model: "Model", entry: "Entry", verdict: "Verdict", now: "Now in / out", found: "Found in / out", findings: "What stands out", entryOf: "Entry for {model}",
        new: "no price so far", changed: "changed", unchanged: "unchanged", refused: "refused", missing: "not in the table",
        table: "{clean} of {n} entries are clean.", accept: "Accept all the same", choose: "Choose {model}", apply: "Apply to {n} model|Apply to {n} models", applied: "{n} model has a new price.|{n} models have new prices.",
        rounding: "Rounding what has more than twelve decimals", implausible: "Prices above $1,000 per million tokens", dearest: "The dearest of several tiers", free: "Prices of nothing",
        needs_rounding: "needs rounding", needs_implausible: "implausibly high", needs_dearest: "has tiers", needs_free: "free", negative: "negative", unreadable: "unreadable", other_unit: "priced in another unit too", no_price: "no price per token",
        perMillion: "Dollars per million tokens.", again: "Compare again",
    },
    zh: {
        title: "导入价格", note: "使用 LiteLLM 格式的价格表（model_prices_and_context_window.json）。应用之前不会有任何更改。",
        file: "文件", paste: "或粘贴到这里", compare: "比对", notJSON: "不是有效的 JSON：{reason}", tooLarge: "价格表超过 4 MiB。请只粘贴需要的条目。",
        result: "将会发生的更改", none: "还没有模型。", model: "模型", entry: "条目", verdict: "结论", now: "现价 入 / 出", found: "表中 入 / 出", findings: "值得注意", entryOf: "{model} 的条目",
        new: "尚无价格", changed: "有变化", unchanged: "无变化", refused: "不采用", missing: "表中没有",
        table: "{n} 个条目中有 {clean} 个没有问题。", accept: "仍然接受", choose: "选择 {model}", apply: "应用到 {n} 个模型", applied: "{n} 个模型有了新价格。",
        rounding: "对超过十二位小数的价格取整", implausible: "高于每百万 Token 1,000 美元的价格", dearest: "多档价格取最高一档", free: "零价格",
        needs_rounding: "需要取整", needs_implausible: "高得不合理", needs_dearest: "有多档价格", needs_free: "免费", negative: "负数", unreadable: "无法读取", other_unit: "另有其他计价单位", no_price: "没有按 Token 的价格",
        perMillion: "美元 / 百万 Token。", again: "重新比对",
    },
});
