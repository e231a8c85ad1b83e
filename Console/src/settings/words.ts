import { words } from "../shared/words";

export const useSettingsWords = words({
    en: {
        titleStaff: "Settings & health", title: "Settings", tabs: "Sections", account: "You", health: "Health", settings: "Settings",
        name: "Name", email: "Email", role: "Role", saved: "Saved.", profile: "Account", save: "Save",
        password: "Password", current: "Current password", new: "New password", repeat: "New password again", newNote: "At least 12 characters.", differ: "The two are not the same.", change: "Change the password",
        passwordNote: "A new password ends every session of yours, this one too: you sign in again.", passwordChanged: "Your password was changed. Sign in with the new one.",
        looks: "How the console looks", looksNote: "Kept by this browser.", language: "Language", theme: "Theme", system: "As the system", light: "Light", dark: "Dark", zone: "Time zone", zoneNote: "Days, hours and dates are shown by its clock.", systemZone: "As the browser: {zone}",
        super_admin: "super administrator", admin: "administrator", auditor: "auditor", user: "user", ownQuotas: "Your quotas", ownKeys: "Your keys",
        search: "Find a setting", editable: "May be changed here", editableNote: "Every server follows within two seconds.", others: "Set where servers are started", othersNote: "A settings file, a variable or a flag; read when a server starts.",
        setting: "Setting", value: "Value", byDefault: "By default", origin: "From", meaning: "What it does", edit: "Edit", editTitle: "Change {name}", valueNote: "As a settings file has it. Empty: what it is without being set here.", secret: "secret", changed: "{name} was changed.",
        fixed: "Set by {place}, which goes before.", superOnly: "Super administrators change settings.", none: "Nothing matches.",
        default: "default", file: "file", environment: "environment", flag: "flag", database: "set here",
    },
    zh: {
        titleStaff: "设置与健康", title: "设置", tabs: "分区", account: "个人", health: "健康", settings: "系统设置",
        name: "姓名", email: "邮箱", role: "角色", saved: "已保存。", profile: "账号", save: "保存",
        password: "密码", current: "当前密码", new: "新密码", repeat: "再次输入新密码", newNote: "至少 12 个字符。", differ: "两次输入不一致。", change: "修改密码",
        passwordNote: "新密码会结束您的所有会话，包括当前会话，需要重新登录。", passwordChanged: "密码已修改，请用新密码登录。",
        looks: "控制台外观", looksNote: "保存在此浏览器中。", language: "语言", theme: "主题", system: "跟随系统", light: "浅色", dark: "深色", zone: "时区", zoneNote: "日期和时间按此时区显示。", systemZone: "跟随浏览器：{zone}",
        super_admin: "超级管理员", admin: "管理员", auditor: "审计员", user: "用户", ownQuotas: "您的配额", ownKeys: "您的密钥",
        search: "查找设置", editable: "可在此修改", editableNote: "所有服务器在两秒内生效。", others: "启动时设置", othersNote: "由配置文件、环境变量或命令行参数设置，服务器启动时读取。",
        setting: "设置项", value: "当前值", byDefault: "默认值", origin: "来源", meaning: "说明", edit: "编辑", editTitle: "修改 {name}", valueNote: "与配置文件中的写法相同。留空则取消此处的设置。", secret: "机密", changed: "{name} 已修改。",
        fixed: "由 {place} 设置，优先于此处。", superOnly: "只有超级管理员可以修改设置。", none: "没有匹配的内容。",
        default: "默认", file: "文件", environment: "环境变量", flag: "命令行", database: "在此设置",
    },
});

export const useHealthWords = words({
    en: {
        ok: "All is well", degraded: "Calls go on; somebody should look", unavailable: "No call is admitted", server: "Server", refresh: "Refresh", yes: "yes", no: "no", none: "none", forever: "for ever",
        okNote: "Calls are admitted, booked and audited.", degradedNote: "Settlements wait in the spool, records are in quarantine, calls are uncertain, or the audit log is halted.", unavailableNote: "The database does not answer, or settlements cannot be booked.",
        database: "Database answers in", queue: "Waiting for the journal", queueNote: "{a} admissions, {s} settlements", running: "Calls running", spool: "In the spool", spoolNote: "of {capacity}", uncertain: "Uncertain calls", quarantine: "In quarantine", audit: "Audit log signed", bodies: "Bodies waiting", bodiesNote: "{n} dropped",
        silent: "does not answer", version: "Version", up: "Running since", engine: "Database", size: "Its size", wal: "Write-ahead log", open: "Open calls", tree: "Leaves in the audit log", origin: "Log's name", caught: "Audit caught up", halt: "Halted", never: "not yet",
        journal: "Journal", ready: "takes calls", away: "database away: settlements go to the spool", halted: "halted", replicas: "Servers", replica: "Server", this: "this one", beat: "Last beat", started: "Started", noBeat: "need not beat",
        retention: "What is kept for how long", keptBodies: "Calls' bodies", keptUsage: "Providers' usage objects", quarters: "Quarter-hours of statistics since", zones: "Days and months of", folded: "Folded until", ranges: "Ranges of tables", bills: "Bills and the audit log", table: "Table", rangeCount: "Ranges", until: "Newest until",
    },
    zh: {
        ok: "一切正常", degraded: "调用继续，但需要有人查看", unavailable: "不接受任何调用", server: "服务器", refresh: "刷新", yes: "是", no: "否", none: "无", forever: "永久",
        okNote: "调用正常接受、记账和审计。", degradedNote: "有结算在暂存区等待、有记录被隔离、有调用状态不明，或审计日志已停止。", unavailableNote: "数据库没有响应，或无法记账。",
        database: "数据库响应时间", queue: "等待记账", queueNote: "准入 {a}，结算 {s}", running: "进行中的调用", spool: "暂存区", spoolNote: "容量 {capacity}", uncertain: "状态不明的调用", quarantine: "隔离的记录", audit: "审计日志签名", bodies: "等待保存的内容", bodiesNote: "丢弃 {n}",
        silent: "没有响应", version: "版本", up: "启动于", engine: "数据库", size: "大小", wal: "预写日志", open: "未结束的调用", tree: "审计日志叶子数", origin: "日志名称", caught: "审计追平", halt: "已停止", never: "尚无",
        journal: "记账", ready: "接受调用", away: "数据库不可用，结算写入暂存区", halted: "已停止", replicas: "服务器", replica: "服务器", this: "当前", beat: "最近心跳", started: "启动时间", noBeat: "无需心跳",
        retention: "保存时长", keptBodies: "调用内容", keptUsage: "提供商用量原文", quarters: "按刻统计起始", zones: "按日月统计的时区", folded: "已汇总至", ranges: "数据表分区", bills: "账单与审计日志", table: "数据表", rangeCount: "分区数", until: "最新至",
    },
});
