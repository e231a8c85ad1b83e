import { words } from "../shared/words";

export const usePlaygroundWords = words({
    en: {
        title: "Playground", note: "Call a model with a key of your own that lasts a quarter of an hour. It is kept in this page's memory alone; calls are paid from your quota like any other.",
        settings: "Settings", model: "Model", system: "System prompt", temperature: "Temperature", temperatureNote: "0 to 2; empty: as the model has it.", maxTokens: "Most tokens", maxTokensNote: "Of the answer; empty: as usual.", stream: "Show the answer as it comes",
        conversation: "Conversation", you: "You", answer: "Answer", thinking: "Reasoning", message: "Message", messageNote: "Enter sends, Shift and Enter begins a line.", send: "Send", stop: "Stop", clear: "Start again", again: "Try again",
        emptyTitle: "Say something to the model.", stopped: "Stopped; what had come is paid for.", cut: "The answer ended before it was whole.", nothing: "The model answered nothing.",
        usage: "{input} in, {output} out", cost: "Cost {cost}", free: "Not charged", costUnknown: "Its cost is being booked", request: "This call", took: "{time}, first words after {first}", tookWhole: "{time}",
        noModels: "There is no model you may call.", noModelsNote: "A call needs a quota of yours for a group that has a model in it.", noModelsStaff: "First steps", connect: "Your quotas",
        keyFailed: "No key could be made.", copyCurl: "Copy as curl", copyPython: "Copy as Python", code: "Take it elsewhere", codeNote: "Put a key of yours into TOKENAUDIT_API_KEY.", length: "The answer met its limit.",
    },
    zh: {
        title: "试用台", note: "使用您自己的密钥调用模型，密钥有效一刻钟，仅保存在本页内存中；调用与平常一样从您的配额中支付。",
        settings: "设置", model: "模型", system: "系统提示", temperature: "温度", temperatureNote: "0 到 2；留空则按模型默认。", maxTokens: "最多 Token", maxTokensNote: "回答的上限；留空则按默认。", stream: "边生成边显示",
        conversation: "对话", you: "您", answer: "回答", thinking: "推理", message: "消息", messageNote: "Enter 发送，Shift+Enter 换行。", send: "发送", stop: "停止", clear: "重新开始", again: "重试",
        emptyTitle: "对模型说点什么。", stopped: "已停止；已生成的部分照常计费。", cut: "回答未完整结束。", nothing: "模型没有回答。",
        usage: "输入 {input}，输出 {output}", cost: "费用 {cost}", free: "未计费", costUnknown: "费用正在入账", request: "本次调用", took: "{time}，{first} 后出现首字", tookWhole: "{time}",
        noModels: "没有您可以调用的模型。", noModelsNote: "调用需要您对某个含有模型的模型组拥有配额。", noModelsStaff: "初始设置", connect: "您的配额",
        keyFailed: "无法创建密钥。", copyCurl: "复制为 curl", copyPython: "复制为 Python", code: "在别处使用", codeNote: "请把您的密钥放入 TOKENAUDIT_API_KEY。", length: "回答达到了上限。",
    },
});
