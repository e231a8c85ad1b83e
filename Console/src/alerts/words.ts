import { words } from "../shared/words";

export const useAlertsWords = words({
    en: {
        title: "Alerts", note: "What people should know, and whom it was told.", ownNote: "What you should know about your quotas.", views: "Views", history: "History", rules: "Rules", channels: "Channels",
        kind: "Kind", severity: "Severity", least: "At least", standing: "Standing", any: "Any", open: "Open", done: "Acknowledged", user: "User", clear: "Clear filters",
        raised: "Raised", what: "What", none: "No alert matches.", noneYet: "No alert yet. That is good news.", about: "See what it is about", back: "All alerts", alert: "Alert",
        quota_threshold: "Quota used", quota_expiry: "Quota ends", unusual_spend: "Unusual spending", provider_failing: "Provider failing", provider_recovered: "Provider recovered", provider_loss: "Provider over limit", quarantine: "Quarantine", audit_halted: "Audit log halted", alerts_held_back: "Too many alerts", test: "Test",
        info: "Info", warning: "Warning", critical: "Critical",
        acknowledge: "Acknowledge", acknowledgeTitle: "What came of it?", reason: "What came of it", acknowledgeNote: "It is kept with the alert, under your name.", acknowledged: "Acknowledged.", by: "By {who}, {when}",
        notTold: "Channels were told of a graver one beside it.", deliveries: "Deliveries", noDeliveries: "No channel takes alerts of this kind.", channel: "Channel", state: "State", attempts: "Attempts", next: "Next attempt", finished: "Finished", problem: "Problem", owner: "its owner",
        pending: "Waiting", delivered: "Delivered", failed: "Given up",
        forbidden_address: "address not allowed", unknown_host: "name unknown", unreachable: "unreachable", timed_out: "timed out", redirected: "redirects", refused: "answered with an error", not_authorized: "secret not taken", insecure: "certificate not trusted", no_secret: "no secret", undecryptable: "secret does not open", no_recipient: "nobody to tell",
        byMail: "Mails about my quotas", byMailNote: "Sent where your administrators have set up a channel for owners.", saved: "Saved.",
    },
    zh: {
        title: "告警", note: "需要知晓的情况，以及通知了谁。", ownNote: "与您的配额有关的情况。", views: "视图", history: "历史", rules: "规则", channels: "渠道",
        kind: "类别", severity: "级别", least: "最低级别", standing: "处理", any: "不限", open: "未确认", done: "已确认", user: "用户", clear: "清除筛选",
        raised: "发生时间", what: "内容", none: "没有匹配的告警。", noneYet: "还没有告警，这是好消息。", about: "查看相关对象", back: "全部告警", alert: "告警",
        quota_threshold: "配额使用", quota_expiry: "配额到期", unusual_spend: "异常支出", provider_failing: "提供商故障", provider_recovered: "提供商恢复", provider_loss: "提供商超限", quarantine: "隔离记录", audit_halted: "审计日志停止", alerts_held_back: "告警过多", test: "测试",
        info: "提示", warning: "警告", critical: "严重",
        acknowledge: "确认", acknowledgeTitle: "处理结果？", reason: "处理结果", acknowledgeNote: "将以您的名义与告警一起保存。", acknowledged: "已确认。", by: "{who}，{when}",
        notTold: "渠道已收到同时发生的更严重告警。", deliveries: "投递", noDeliveries: "没有渠道接收此类告警。", channel: "渠道", state: "状态", attempts: "尝试次数", next: "下次尝试", finished: "完成时间", problem: "问题", owner: "所有者",
        pending: "等待中", delivered: "已送达", failed: "已放弃",
        forbidden_address: "地址不被允许", unknown_host: "域名无法解析", unreachable: "无法连接", timed_out: "超时", redirected: "发生重定向", refused: "返回错误", not_authorized: "密钥不被接受", insecure: "证书不可信", no_secret: "没有密钥", undecryptable: "密钥无法解开", no_recipient: "没有收件人",
        byMail: "接收与我的配额有关的邮件", byMailNote: "需管理员已设置面向所有者的渠道。", saved: "已保存。",
    },
});
