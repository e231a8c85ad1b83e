import { words } from "../shared/words";

export const useGroupsWords = words({
    en: {
        title: "Model groups", note: "Sets of models under one multiplier. A quota is money for one group.", make: "New group", makeTitle: "New model group", edit: "Edit", editTitle: "Edit the model group",
        name: "Name", description: "Description", multiplier: "Price multiplier", multiplierNote: "What list prices are multiplied by: 1 leaves them, 0.85 takes 15 % off, 1.2 adds 20 %.", models: "Models", state: "State",
        active: "active", inactive: "deactivated", all: "All", onlyActive: "Active", onlyInactive: "Deactivated", isActive: "Its quotas may be spent",
        example: "A million input tokens of {model}: {list} by the list, {here} here.", noExample: "Choose a model with a price to see what it does.", noModels: "No models in it: nothing can be called by its quotas.",
        made: "“{name}” was made.", saved: "“{name}” was changed.", deactivate: "Deactivate", deactivateTitle: "Deactivate “{name}”?", deactivateNote: "Calls are no longer paid by its quotas; their money stays. It can be activated again.",
        deactivated: "“{name}” was deactivated.", activate: "Activate", activated: "“{name}” is active again.", back: "All model groups", facts: "Group", created: "Since", quotas: "Quotas for it",
        prices: "What its models cost", pricesNote: "For 1,000,000 tokens: by the list, and under this group.", model: "Model", input: "Input", output: "Output", inputHere: "Input here", outputHere: "Output here", noPrice: "no price",
        empty: "No model groups.", count: "{n} model|{n} models",
    },
    zh: {
        title: "模型组", note: "共用一个价格倍率的一组模型。每个配额对应一个模型组。", make: "新建模型组", makeTitle: "新建模型组", edit: "编辑", editTitle: "编辑模型组",
        name: "名称", description: "描述", multiplier: "价格倍率", multiplierNote: "标价乘以此数：1 为原价，0.85 为八五折，1.2 为加价 20%。", models: "模型", state: "状态",
        active: "有效", inactive: "已停用", all: "全部", onlyActive: "有效", onlyInactive: "已停用", isActive: "其配额可以消费",
        example: "{model} 一百万输入 Token：标价 {list}，本组 {here}。", noExample: "选择一个有价格的模型，即可看到效果。", noModels: "组内没有模型：其配额无法调用任何模型。",
        made: "“{name}”已创建。", saved: "“{name}”已修改。", deactivate: "停用", deactivateTitle: "停用“{name}”？", deactivateNote: "调用不再由其配额支付；金额保留。可以重新启用。",
        deactivated: "“{name}”已停用。", activate: "启用", activated: "“{name}”已重新启用。", back: "全部模型组", facts: "模型组", created: "创建时间", quotas: "相关配额",
        prices: "组内模型价格", pricesNote: "每 1,000,000 Token：标价，以及本组价格。", model: "模型", input: "输入", output: "输出", inputHere: "本组输入", outputHere: "本组输出", noPrice: "无价格",
        empty: "没有模型组。", count: "{n} 个模型",
    },
});
