import { words } from "../shared/words";

export const useConnectWords = words({
    en: {
        title: "Connect", note: "Every client that speaks OpenAI's API works here: give it this base URL and a key.", where: "Where", baseURL: "Base URL", key: "Key", model: "Model",
        makeKey: "New key", keyNote: "Secrets are not kept: put yours where sk-audit-… stands, or make a new key and its snippets are ready to run.", keyHere: "The snippets have the key that was just made. It is gone when you leave this page.",
        noModels: "No model yet", programs: "Programs", python: "Python", javascript: "JavaScript", swift: "Swift", curl: "curl", langchain: "LangChain", environment: "Environment variables", environmentNote: "The libraries of OpenAI, and many tools beside them, read these.",
        snippet: "{name} snippet", apps: "Chat apps", app: "App", place: "Where to put it", paths: "Also served", pathsNote: "Chat completions, completions, embeddings and the list of models, below /v1.",
        openWebUI: "Admin panel › Settings › Connections › OpenAI API: the base URL and the key.", libreChat: "In librechat.yaml below endpoints › custom: baseURL, apiKey and models.",
        cherry: "Settings › Model provider › Add › OpenAI: API host without /v1, and the key.", nextChat: "Settings › Custom endpoint: without /v1, the key, and the model's name as a custom model.",
        hostNote: "Without /v1:", seeKeys: "Your keys",
    },
    zh: {
        title: "接入", note: "任何支持 OpenAI API 的客户端都可以使用：填写此基础地址和密钥即可。", where: "接入信息", baseURL: "基础地址", key: "密钥", model: "模型",
        makeKey: "新建密钥", keyNote: "系统不保存密钥：请把 sk-audit-… 换成您的密钥，或新建一个密钥，代码即可直接运行。", keyHere: "代码中已填入刚创建的密钥。离开此页后不再显示。",
        noModels: "还没有模型", programs: "程序", python: "Python", javascript: "JavaScript", swift: "Swift", curl: "curl", langchain: "LangChain", environment: "环境变量", environmentNote: "OpenAI 的库以及许多工具都会读取这些变量。",
        snippet: "{name} 代码", apps: "聊天应用", app: "应用", place: "填写位置", paths: "可用接口", pathsNote: "聊天补全、文本补全、向量和模型列表，均在 /v1 下。",
        openWebUI: "管理员面板 › 设置 › 外部连接 › OpenAI API：填写基础地址和密钥。", libreChat: "在 librechat.yaml 的 endpoints › custom 下填写 baseURL、apiKey 和 models。",
        cherry: "设置 › 模型服务 › 添加 › OpenAI：API 地址（不含 /v1）和密钥。", nextChat: "设置 › 自定义接口：地址（不含 /v1）、密钥，并把模型名填为自定义模型。",
        hostNote: "不含 /v1：", seeKeys: "您的密钥",
    },
});
