import { words } from "../shared/words";

export const useUsersWords = words({
    en: {
        title: "Users", note: "Who has an account here, and what each may do.", make: "New user", makeTitle: "New user", edit: "Edit", editTitle: "Edit the user",
        email: "Email", emailNote: "Signs in with it.", name: "Name", role: "Role", state: "State", active: "active", inactive: "deactivated", all: "All", onlyActive: "Active", onlyInactive: "Deactivated",
        usage: "Last 7 days", created: "Since", key: "Default key", noKey: "none", anyRole: "Any role",
        super_admin: "super administrator", admin: "administrator", auditor: "auditor", user: "user",
        super_adminNote: "Does everything, also to super administrators and settings.", adminNote: "Keeps users, keys, quotas, models and providers.", auditorNote: "Sees everything and changes nothing.", userNote: "Calls models and sees what is their own.",
        password: "Password", passwordNote: "At least 12 characters. Empty: nobody can sign in as this user; keys work.", newPassword: "New password", newPasswordNote: "Empty: it stays as it is. A new one ends every session of the user.", ownPassword: "Your own password is changed in the settings.",
        isActive: "May sign in and call models", deactivate: "Deactivate", activate: "Activate", deactivated: "{name} was deactivated.", activated: "{name} is active again.", made: "{name} was made.", saved: "{name} was changed.",
        resetKey: "New default key", resetKeyTitle: "A new default key for {name}?", resetKeyNote: "The old one ends within two seconds. The new one is shown once.", keyTitle: "The default key of {name}", done: "Done",
        back: "All users", facts: "Account", rates: "Rate limits", noRates: "as the settings say", keys: "Keys", quotas: "Quotas", noKeys: "No keys.", noQuotas: "No quotas: this user's calls are refused.",
        addQuota: "New quota", addKey: "New key", allKeys: "All {n} keys", usedUp: "used up", until: "Until", renews: "Renews", ended: "ended", left: "Left", noMatch: "Nobody matches.",
    },
    zh: {
        title: "用户", note: "谁拥有账号，以及各自的权限。", make: "新建用户", makeTitle: "新建用户", edit: "编辑", editTitle: "编辑用户",
        email: "邮箱", emailNote: "用于登录。", name: "姓名", role: "角色", state: "状态", active: "有效", inactive: "已停用", all: "全部", onlyActive: "有效", onlyInactive: "已停用",
        usage: "最近 7 天", created: "创建时间", key: "默认密钥", noKey: "无", anyRole: "全部角色",
        super_admin: "超级管理员", admin: "管理员", auditor: "审计员", user: "用户",
        super_adminNote: "可以做任何事，包括管理超级管理员和系统设置。", adminNote: "管理用户、密钥、配额、模型和提供商。", auditorNote: "可以查看一切，但不能修改。", userNote: "调用模型，查看自己的内容。",
        password: "密码", passwordNote: "至少 12 个字符。留空则无法登录，但密钥可用。", newPassword: "新密码", newPasswordNote: "留空表示不变。设置新密码会结束该用户的所有会话。", ownPassword: "自己的密码请在设置页修改。",
        isActive: "可以登录和调用模型", deactivate: "停用", activate: "启用", deactivated: "{name} 已停用。", activated: "{name} 已重新启用。", made: "{name} 已创建。", saved: "{name} 已修改。",
        resetKey: "重置默认密钥", resetKeyTitle: "为 {name} 重置默认密钥？", resetKeyNote: "旧密钥将在两秒内失效。新密钥只显示一次。", keyTitle: "{name} 的默认密钥", done: "完成",
        back: "全部用户", facts: "账号", rates: "速率限制", noRates: "按系统设置", keys: "密钥", quotas: "配额", noKeys: "没有密钥。", noQuotas: "没有配额：该用户的调用会被拒绝。",
        addQuota: "新建配额", addKey: "新建密钥", allKeys: "全部 {n} 个密钥", usedUp: "已用完", until: "有效期至", renews: "续期", ended: "已结束", left: "剩余", noMatch: "没有匹配的用户。",
    },
});
