import { words } from "../shared/words";

export const useBillsWords = words({
    en: {
        title: "Bills", staffNote: "What was charged month by month, from the sums that are proven against every call.", ownNote: "What your calls were charged, month by month.",
        months: "Months", last12: "Last 12 months", year: "Year", month: "Month", user: "User", everyone: "Everyone",
        requests: "Requests", failed: "Failed", spend: "Charged", refunds: "Refunded", net: "To pay", cost: "Providers' cost", margin: "Margin", charge: "Calls as they ended", corrections: "Corrections later",
        none: "Nothing was charged in this time.", soFar: "so far", open: "Statement",
        statement: "Statement for {month}", back: "All months", by: "By", nothing: "Days only", byKey: "Key", byModel: "Model", byUser: "User", byProvider: "Provider", byGroup: "Model group",
        print: "Print", csv: "CSV", name: "Name", input: "Input", cached: "Of caches", output: "Output", total: "Total", others: "{n} other|{n} others",
        day: "Day", days: "Day by day", of: "For", made: "As of", zone: "Days by the clock of", note: "Refunds are those made in this month, whichever month their calls were in.",
        running: "The month is not over yet.", spendLabel: "Charged day by day, {total} in all", deleted: "No. {id}",
        sums: "The rows add up to the total, to the last digit.", sumsNot: "The rows do not add up to the total.",
    },
    zh: {
        title: "账单", staffNote: "逐月的计费金额，来自与每次调用核对过的汇总。", ownNote: "您的调用逐月计费金额。",
        months: "月份", last12: "最近 12 个月", year: "年份", month: "月份", user: "用户", everyone: "所有人",
        requests: "请求数", failed: "失败", spend: "计费", refunds: "退款", net: "应付", cost: "提供商成本", margin: "毛利", charge: "调用结束时的费用", corrections: "事后更正",
        none: "这段时间没有产生费用。", soFar: "截至目前", open: "账单",
        statement: "{month}账单", back: "全部月份", by: "分组", nothing: "仅按日", byKey: "密钥", byModel: "模型", byUser: "用户", byProvider: "提供商", byGroup: "模型组",
        print: "打印", csv: "CSV", name: "名称", input: "输入", cached: "缓存命中", output: "输出", total: "合计", others: "其他 {n} 项",
        day: "日期", days: "逐日明细", of: "对象", made: "生成时间", zone: "日期所用时区", note: "退款按退款发生的月份计算，与调用所在月份无关。",
        running: "本月尚未结束。", spendLabel: "逐日计费，合计 {total}", deleted: "编号 {id}",
        sums: "各行之和与合计一致，精确到最后一位。", sumsNot: "各行之和与合计不一致。",
    },
});
