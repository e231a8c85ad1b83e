import { words } from "../shared/words";

export const useBodyWords = words({
    en: {
        title: "What was said", none: "Nothing was kept of what was asked and answered.", full: "Request and answer were kept, sealed, until {until}.", metadata: "A description of request and answer was kept, sealed, until {until}.",
        look: "Look at it", lookTitle: "Look at what was said?", lookNote: "People may have written what is not meant for you. That you looked, and when, is noted in the audit log for good.", confirm: "Look, and note it",
        ownNote: "That you looked is noted in the audit log.",
        request: "Request", response: "Answer", assembled: "Answer, put together", bytes: "{size} in all", truncated: "cut: more passed than is kept", inexact: "bytes that are no text were replaced",
        erase: "Erase", eraseTitle: "Erase what was said?", eraseNote: "What is kept of this request and answer is gone for good; its bill stays.", erased: "Erased.",
        reasoning: "Reasoning", refusal: "Refusal", tools: "Tool calls", finish: "Ended with {reason}", hide: "Put away", unreadable: "{n} event could not be read.|{n} events could not be read.",
    },
    zh: {
        title: "内容", none: "没有保存请求与回答的内容。", full: "请求与回答已加密保存至 {until}。", metadata: "请求与回答的描述已加密保存至 {until}。",
        look: "查看", lookTitle: "查看对话内容？", lookNote: "其中可能有并非写给您看的内容。您的查看行为与时间会永久记入审计日志。", confirm: "查看并记录",
        ownNote: "您的查看行为会记入审计日志。",
        request: "请求", response: "回答", assembled: "拼合后的回答", bytes: "共 {size}", truncated: "已截断：实际内容多于保存内容", inexact: "非文本字节已被替换",
        erase: "删除", eraseTitle: "删除对话内容？", eraseNote: "保存的请求与回答将永久删除；账单保留。", erased: "已删除。",
        reasoning: "推理", refusal: "拒绝", tools: "工具调用", finish: "结束原因：{reason}", hide: "收起", unreadable: "{n} 个事件无法读取。",
    },
});
