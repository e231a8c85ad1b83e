import { words } from "../shared/words";

export const useStartWords = words({
    en: {
        title: "First steps", note: "From nothing to the first answer. What is done is read from the gateway: leave at any time and go on where you were.",
        progress: "{done} of {n} steps are done", done: "done", open: "to do", later: "comes later", show: "Show step {number}",
        provider: "Add a provider", providerNote: "The service that answers: OpenAI, another cloud, or a server of your own that speaks OpenAI's API.", providerDone: "{name} is there.|{n} providers are there.",
        test: "Test it", testNote: "The gateway asks the provider for its models.", testDone: "It answers.",
        models: "Take over models", modelsNote: "Choose which of the provider's models can be called here.", modelsDone: "{name} can be called.|{n} models can be called.",
        prices: "Set prices", pricesNote: "What a call is charged. Without a price a model's calls are refused.", pricesDone: "Every model has a price.|{n} models have a price.", which: "Model", importing: "Import a table of prices instead",
        group: "Make a group", groupNote: "People get quotas for groups of models. All of them can be in one.", groupDone: "{name} has models.", groupName: "Name", groupModels: "Models in it", makeGroup: "Make the group", addTo: "Put them into {name}",
        quota: "Give yourself a quota", quotaNote: "The dollars that you may spend on the group's models.", quotaDone: "{amount} are left to you.", quotaAmount: "Dollars", giveQuota: "Give the quota", quotaFor: "For the group {name}",
        key: "Make a key", keyNote: "What clients send as their API key. It is yours and pays from your quota.", keyDone: "You have a key.", keyName: "Name", makeKey: "Make the key", keyFirst: "first key",
        playground: "Make the first call", playgroundNote: "The playground has a short-lived key of its own.", openPlayground: "Open the playground", goOn: "Go on to the playground", allDone: "Everything is ready.", made: "Done: {step}",
        details: "See all",
    },
    zh: {
        title: "初始设置", note: "从零开始，直到得到第一个回答。完成情况取自网关：可随时离开，再从原处继续。",
        progress: "{n} 步中已完成 {done} 步", done: "已完成", open: "待完成", later: "稍后", show: "显示第 {number} 步",
        provider: "添加提供商", providerNote: "提供回答的服务：OpenAI、其他云服务，或您自己的、支持 OpenAI API 的服务器。", providerDone: "已有 {n} 个提供商。",
        test: "测试", testNote: "网关向提供商查询其模型。", testDone: "它有响应。",
        models: "接收模型", modelsNote: "选择提供商的哪些模型可以在这里调用。", modelsDone: "可以调用 {n} 个模型。",
        prices: "设定价格", pricesNote: "每次调用的收费。没有价格的模型，调用会被拒绝。", pricesDone: "{n} 个模型已有价格。", which: "模型", importing: "改为导入价格表",
        group: "建立模型组", groupNote: "用户的配额针对模型组。所有模型可以放在一组。", groupDone: "{name} 中已有模型。", groupName: "名称", groupModels: "组内模型", makeGroup: "建立模型组", addTo: "放入 {name}",
        quota: "给自己配额", quotaNote: "您可以在该组模型上花费的美元。", quotaDone: "您还有 {amount}。", quotaAmount: "美元", giveQuota: "给予配额", quotaFor: "用于模型组 {name}",
        key: "创建密钥", keyNote: "客户端以它作为 API 密钥。它属于您，从您的配额中支付。", keyDone: "您已有密钥。", keyName: "名称", makeKey: "创建密钥", keyFirst: "第一个密钥",
        playground: "发出第一个调用", playgroundNote: "试用台使用自己的短期密钥。", openPlayground: "打开试用台", goOn: "前往试用台", allDone: "一切就绪。", made: "已完成：{step}",
        details: "查看全部",
    },
});
