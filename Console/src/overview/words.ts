import { words } from "../shared/words";

export const useOverviewWords = words({
    en: {
        title: "Overview", staffNote: "What the organisation's calls came to.", ownNote: "What your calls came to.",
        spend: "Spend", requests: "Requests", tokens: "Tokens", errors: "Errors", p95: "95 % within", savings: "Saved by caches",
        providerCost: "Providers' cost", margin: "Margin",
        before: "{percent} to the time before", beforeNothing: "Nothing in the time before", same: "As in the time before",
        spendByModel: "Spend by model", spendByKey: "Spend by key", requestsAndErrors: "Requests and errors", latency: "Time to answer",
        tokensByClass: "Tokens by class", tokensLabel: "Tokens over time by class, {n} in all", p50: "Half", p99: "99 %", answered: "Answered", failed: "Failed",
        spendLabel: "Spend over time, {total} in all", requestsLabel: "Requests over time, {n} in all", latencyLabel: "Times to answer over time; bounds of what was measured",
        firstSteps: "No call has come through yet.", firstStepsNote: "The first steps lead from here to an answer of a model.", begin: "First steps",
        connectNote: "Point your client at this gateway and make the first call.", connect: "Connect",
        noTime: "No calls in this time.",
    },
    zh: {
        title: "概览", staffNote: "整个组织的调用情况。", ownNote: "您的调用情况。",
        spend: "费用", requests: "请求数", tokens: "Token 数", errors: "错误", p95: "95% 响应时间", savings: "缓存节省",
        providerCost: "提供商成本", margin: "毛利",
        before: "较上期 {percent}", beforeNothing: "上期没有数据", same: "与上期持平",
        spendByModel: "按模型的费用", spendByKey: "按密钥的费用", requestsAndErrors: "请求与错误", latency: "响应时间",
        tokensByClass: "按类别的 Token", tokensLabel: "各类别 Token 走势，共 {n}", p50: "一半", p99: "99%", answered: "成功", failed: "失败",
        spendLabel: "费用走势，合计 {total}", requestsLabel: "请求走势，共 {n} 次", latencyLabel: "响应时间走势，为测量区间的上限",
        firstSteps: "还没有任何调用。", firstStepsNote: "按照初始设置，从这里一直走到模型的第一个回答。", begin: "初始设置",
        connectNote: "把您的客户端指向本网关，发出第一个调用。", connect: "接入",
        noTime: "这段时间没有调用。",
    },
});
