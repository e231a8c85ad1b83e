import { words } from "../shared/words";

export const useChannelWords = words({
    en: {
        note: "Where alerts are told: people's mail, a chat, or a program of yours.", add: "Add a channel", name: "Name", kind: "Kind", where: "Where", audience: "For", takes: "Takes", language: "Language", active: "Active", off: "Off",
        webhook: "Webhook", email: "Mail", feishu: "Feishu", dingtalk: "DingTalk", wecom: "WeCom", slack: "Slack",
        none: "No channel yet: alerts stand in the history only.", all: "all kinds", nKinds: "{n} kind|{n} kinds", from: "{severity} and graver",
        operators: "Operators", owners: "Owners of quotas", audienceNote: "Owners are told by mail, of their own quotas.",
        test: "Test", edit: "Edit", deactivate: "Switch off", activate: "Switch on", deactivated: "{name} is switched off.", activated: "{name} is switched on.", tested: "{name} took the test.", testFailed: "{name}: {detail}",
        addTitle: "Add a channel", editTitle: "Edit {name}", url: "URL", urlNote: "Kept sealed. Another one clears the secret.", urlKept: "Empty: it stays as it is, {hint}.",
        secret: "Secret", secretWebhook: "Empty: a new one is made and shown once. Or whsec_ and random bytes in base64.", secretSign: "What the chat's robot signs with, if it does.", secretMail: "The password, if somebody signs in.", secretKept: "Empty: it stays as it is.", secretNone: "This kind signs nothing: its URL is the secret.",
        newSecret: "Make a new secret", newSecretNote: "The old one signs nothing any more from then on.",
        mail_host: "Mail server", mail_port: "Port", mail_security: "Security", starttls: "STARTTLS", tls: "TLS", noTLS: "None, this host only", mail_username: "Signs in as", mail_from: "From", mail_recipients: "To", recipientsNote: "One address a line.", mail_authorities: "Certificates", authoritiesNote: "In PEM; the server's is checked against them too.",
        kinds: "Kinds", allKinds: "All kinds", least_severity: "From severity", en: "English", zh: "Chinese",
        made: "{name} is made.", saved: "{name} is changed.", secretTitle: "The webhook's secret", secretShown: "Posts are signed with it (Standard Webhooks).", undecryptable: "Its secret does not open under this master key.",
    },
    zh: {
        note: "告警通知的去处：邮箱、聊天群或您的程序。", add: "添加渠道", name: "名称", kind: "类型", where: "去处", audience: "面向", takes: "接收", language: "语言", active: "启用", off: "停用",
        webhook: "Webhook", email: "邮件", feishu: "飞书", dingtalk: "钉钉", wecom: "企业微信", slack: "Slack",
        none: "还没有渠道：告警只记入历史。", all: "所有类别", nKinds: "{n} 个类别", from: "{severity}及以上",
        operators: "运维人员", owners: "配额所有者", audienceNote: "所有者仅通过邮件获知自己的配额情况。",
        test: "测试", edit: "编辑", deactivate: "停用", activate: "启用", deactivated: "{name} 已停用。", activated: "{name} 已启用。", tested: "{name} 已收到测试。", testFailed: "{name}：{detail}",
        addTitle: "添加渠道", editTitle: "编辑 {name}", url: "URL", urlNote: "加密保存。更换后需重设密钥。", urlKept: "留空则不变：{hint}。",
        secret: "密钥", secretWebhook: "留空则自动生成并仅显示一次；或填 whsec_ 加 base64 随机字节。", secretSign: "聊天机器人的签名密钥（如有）。", secretMail: "登录密码（如需登录）。", secretKept: "留空则不变。", secretNone: "此类渠道不签名：URL 本身即为密钥。",
        newSecret: "生成新密钥", newSecretNote: "旧密钥随即不再用于签名。",
        mail_host: "邮件服务器", mail_port: "端口", mail_security: "加密方式", starttls: "STARTTLS", tls: "TLS", noTLS: "不加密（仅限本机）", mail_username: "登录名", mail_from: "发件人", mail_recipients: "收件人", recipientsNote: "每行一个地址。", mail_authorities: "证书", authoritiesNote: "PEM 格式；服务器证书也将据此校验。",
        kinds: "类别", allKinds: "所有类别", least_severity: "最低级别", en: "英文", zh: "中文",
        made: "{name} 已创建。", saved: "{name} 已更改。", secretTitle: "Webhook 密钥", secretShown: "通知均以此签名（Standard Webhooks）。", undecryptable: "其密钥无法用当前主密钥解开。",
    },
});
