import { words } from "../shared/words";

export const useRulesWords = words({
    en: {
        title: "When alerts are raised", edit: "Edit", editTitle: "Edit the rules", saved: "The rules are changed.",
        quotas: "Quotas", spending: "Spending", providers: "Providers",
        threshold_percents: "Used, percent", thresholdsNote: "Of a quota's total; commas between them. None: no warning. A quota may have its own.", expiry_hours: "Before its end, hours", hoursNote: "While money is left; commas between them. None: no warning.",
        unusual_spend_floor: "Spending of an hour, at least, $", floorNote: "An hour below it never alarms.", unusual_spend_factor: "And so many times the usual", factorNote: "Of the second dearest hour of the week before.",
        failure_percent: "Failed calls, percent", failureNote: "Of a provider's calls in five minutes.", least_failures: "And at least so many", leastNote: "Fewer never alarm.",
        none: "No warning", wholeNumbers: "Whole numbers, with commas between them.",
    },
    zh: {
        title: "何时告警", edit: "编辑", editTitle: "编辑规则", saved: "规则已更改。",
        quotas: "配额", spending: "支出", providers: "提供商",
        threshold_percents: "已用百分比", thresholdsNote: "占配额总额的百分比，以逗号分隔；留空则不告警。单个配额可另行设置。", expiry_hours: "到期前小时数", hoursNote: "仍有余额时告警，以逗号分隔；留空则不告警。",
        unusual_spend_floor: "每小时支出至少（$）", floorNote: "低于此值从不告警。", unusual_spend_factor: "且达到平常的倍数", factorNote: "与前一周第二高的小时相比。",
        failure_percent: "失败调用百分比", failureNote: "占提供商五分钟内调用的比例。", least_failures: "且至少次数", leastNote: "少于此数从不告警。",
        none: "不告警", wholeNumbers: "请填整数，以逗号分隔。",
    },
});
