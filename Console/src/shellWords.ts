import { words } from "./shared/words";

export const useShellWords = words({
    en: {
        overview: "Overview", usage: "Usage & cost", requests: "Requests", alerts: "Alerts", keys: "Keys", users: "Users", quotas: "Quotas",
        groups: "Model groups", models: "Models & prices", providers: "Providers", bills: "Bills", ledger: "Ledger & audit",
        playground: "Playground", connect: "Connect", reference: "API reference", start: "First steps", settings: "Settings & health",
        ownSettings: "Settings",
        watch: "Watch", manage: "Manage", prove: "Prove", use: "Use",
        skip: "Skip to the content", menu: "Menu", navigation: "Pages", signOut: "Sign out",
        super_admin: "super administrator", admin: "administrator", auditor: "auditor", user: "user",
        language: "Language", theme: "Theme", system: "As the system", light: "Light", dark: "Dark",
        nowhere: "There is no such page.", forbidden: "Your role does not see this page.", home: "To the overview",
        broken: "This page has failed.", brokenNote: "Nothing was changed by that. Reload it; if it happens again, tell your administrator what it says:", reload: "Reload",
    },
    zh: {
        overview: "概览", usage: "用量与费用", requests: "请求", alerts: "告警", keys: "密钥", users: "用户", quotas: "配额",
        groups: "模型组", models: "模型与价格", providers: "提供商", bills: "账单", ledger: "账本与审计",
        playground: "试用台", connect: "接入", reference: "API 参考", start: "初始设置", settings: "设置与健康",
        ownSettings: "设置",
        watch: "观察", manage: "管理", prove: "证明", use: "使用",
        skip: "跳到内容", menu: "菜单", navigation: "页面", signOut: "退出登录",
        super_admin: "超级管理员", admin: "管理员", auditor: "审计员", user: "用户",
        language: "语言", theme: "主题", system: "跟随系统", light: "浅色", dark: "深色",
        nowhere: "没有这个页面。", forbidden: "您的角色无权查看此页面。", home: "返回概览",
        broken: "此页面出错。", brokenNote: "没有任何数据因此改变。请重新加载；如果再次发生，请把以下内容告诉管理员：", reload: "重新加载",
    },
});
