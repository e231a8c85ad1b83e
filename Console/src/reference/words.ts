import { words } from "../shared/words";

export const useReferenceWords = words({
    en: {
        title: "API reference", note: "What this console does, programs do too. Version {version}.", role: "Role", anyRole: "Any role", anybody: "anybody", area: "Area", allAreas: "All areas",
        super_admin: "super administrator", admin: "administrator", auditor: "auditor", user: "user",
        leastRole: "From {role} up", parameters: "Parameters", body: "Body", answer: "Answer", statuses: "Statuses", example: "Example", name: "Name", kind: "Kind", description: "Description", place: "In",
        required: "required", orNull: "or null", path: "path", query: "query", header: "header", status: "Status", means: "Means", link: "Link to this", none: "Nothing matches.", count: "{n} operation|{n} operations",
        token: "An access token comes from POST /api/auth/login/ and works for a few minutes.", models: "Models are called by OpenAI's own API, below /v1, with a key.", connect: "Connect", nothing: "No content.", raw: "The document as JSON",
    },
    zh: {
        title: "API 参考", note: "控制台能做的，程序也都能做。版本 {version}。", role: "角色", anyRole: "全部角色", anybody: "任何人", area: "领域", allAreas: "全部领域",
        super_admin: "超级管理员", admin: "管理员", auditor: "审计员", user: "用户",
        leastRole: "{role}及以上", parameters: "参数", body: "请求体", answer: "响应", statuses: "状态码", example: "示例", name: "名称", kind: "类型", description: "说明", place: "位置",
        required: "必填", orNull: "或 null", path: "路径", query: "查询", header: "请求头", status: "状态码", means: "含义", link: "此项链接", none: "没有匹配的内容。", count: "{n} 个操作",
        token: "访问令牌由 POST /api/auth/login/ 返回，有效期几分钟。", models: "模型通过 OpenAI 自己的 API 调用，位于 /v1 下，使用密钥。", connect: "接入", nothing: "没有内容。", raw: "JSON 文档",
    },
});
