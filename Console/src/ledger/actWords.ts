import { words } from "../shared/words";

/** What acts are called, by the words that their leaves have; where one is not here, the leaf's own stand. */
export const useActWords = words({
    en: {
        user: "User", api_key: "Key", quota: "Quota", model: "Model", model_group: "Model group", provider: "Provider", price: "Price", setting: "Setting",
        alert: "Alert", alert_channel: "Alert channel", alert_rules: "Alert rules", alert_preferences: "Alert preferences", body: "Bodies of a call", requests: "Requests",
        login: "Signed in", logout: "Signed out", "login failed": "Failed to sign in", "refresh reused": "Old session token used again", "audit export": "Audit log exported", "requests exported": "Requests exported",
        "master_key rotated": "Master key exchanged", "audit acknowledge-restore": "New log begun after a restore", "ledger quarantine retry": "Quarantined record booked again", "ledger quarantine void": "Quarantined record voided", unreadable: "Unreadable leaf",
        created: "created", updated: "changed", removed: "removed", topped_up: "topped up", reduced: "reduced", expired: "ended", refunded: "refunded", renewed: "renewed", revoked: "revoked", rotated: "rotated",
        acknowledged: "acknowledged", tested: "tested", erased: "erased", viewed: "looked at", exported: "exported",
    },
    zh: {
        user: "用户", api_key: "密钥", quota: "配额", model: "模型", model_group: "模型组", provider: "提供商", price: "价格", setting: "设置",
        alert: "告警", alert_channel: "告警渠道", alert_rules: "告警规则", alert_preferences: "告警偏好", body: "调用内容", requests: "请求",
        login: "登录", logout: "退出登录", "login failed": "登录失败", "refresh reused": "旧会话令牌被重复使用", "audit export": "导出审计日志", "requests exported": "导出请求",
        "master_key rotated": "更换主密钥", "audit acknowledge-restore": "恢复备份后开始新日志", "ledger quarantine retry": "隔离记录重新入账", "ledger quarantine void": "隔离记录作废", unreadable: "无法读取的叶子",
        created: "已创建", updated: "已修改", removed: "已移除", topped_up: "已充值", reduced: "已扣减", expired: "已终止", refunded: "已退款", renewed: "已续期", revoked: "已吊销", rotated: "已轮换",
        acknowledged: "已确认", tested: "已测试", erased: "已删除", viewed: "被查看", exported: "已导出",
    },
});

type ActWord = Parameters<ReturnType<typeof useActWords>>[0];

export const kinds: readonly ActWord[] = [
    "login", "logout", "user", "api_key", "quota", "model", "model_group", "provider", "price", "setting", "alert", "alert_channel", "alert_rules",
    "alert_preferences", "body", "requests",
];

const whole = ["login", "logout", "login failed", "refresh reused", "audit export", "requests exported", "master_key rotated", "audit acknowledge-restore", "ledger quarantine retry", "ledger quarantine void", "unreadable"];
const verbs = ["created", "updated", "removed", "topped_up", "reduced", "expired", "refunded", "renewed", "revoked", "rotated", "acknowledged", "tested", "erased", "viewed", "exported"];

/** `quota topped_up` as people say it. */
export function actText(say: (word: ActWord) => string, act: string): string {
    if (whole.includes(act)) return say(act as ActWord);
    const [kind = "", verb = ""] = act.split(" ");
    const name = (kinds as readonly string[]).includes(kind) ? say(kind as ActWord) : kind;
    return verb === "" ? name : `${name} ${verbs.includes(verb) ? say(verb as ActWord) : verb}`;
}
