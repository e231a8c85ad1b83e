import { announce } from "../shared/announcements";
import { Page, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { CheckField, Form, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { ModelsField } from "../shared/ModelsField";
import { Dialog, Notice } from "../shared/Parts";
import { useAction, useAPI } from "../shared/useAPI";
import { ModelGroup, perMillion, PricedModel } from "./group";
import { useGroupsWords } from "./words";

export function GroupForm({ edited, version, onDone, onClose }: { edited?: ModelGroup; version?: string | null; onDone: (group: ModelGroup) => void; onClose: () => void }) {
    const say = useGroupsWords();
    const kit = useKitWords();
    const format = useFormat();
    const models = useAPI<Page<PricedModel>>("/api/admin/models/?ordering=name&page_size=200");
    const action = useAction(async () => {
        const { values } = form;
        const body = { ...values, price_multiplier: values.price_multiplier.trim(), models: values.models.map(Number) };
        const { value } = edited === undefined
            ? await send<ModelGroup>("POST", "/api/admin/model-groups/", { body })
            : await send<ModelGroup>("PATCH", `/api/admin/model-groups/${edited.id}/`, { body, version });
        announce(say(edited === undefined ? "made" : "saved", { name: value.name }));
        onDone(value);
    });
    const form = useForm(
        {
            name: edited?.name ?? "", description: edited?.description ?? "", price_multiplier: edited?.price_multiplier ?? "1.0",
            is_active: edited?.is_active ?? true, models: (edited?.models ?? []).map(String),
        },
        action.error,
    );
    const found = models.value?.results ?? [];
    const example = found.find((model) => model.input_price_per_1k !== null && form.values.models.includes(String(model.id)));
    return (
        <Dialog title={edited === undefined ? say("makeTitle") : say("editTitle")} isWide onClose={onClose}>
            <Form
                error={action.error}
                fields={["name", "description", "price_multiplier", "is_active", "models"]}
                submit={edited === undefined ? kit("create") : kit("save")}
                isBusy={action.isRunning}
                onSubmit={() => void action.run()}
                onCancel={onClose}
            >
                <div className="fields">
                    <TextField form={form} name="name" label={say("name")} isRequired />
                    <TextField form={form} name="price_multiplier" label={say("multiplier")} note={say("multiplierNote")} isNumber isRequired />
                </div>
                <TextField form={form} name="description" label={say("description")} />
                <ModelsField form={form} name="models" label={say("models")} options={found.map((model) => ({ key: String(model.id), name: model.name, isActive: model.is_active }))} />
                <Notice tone="info">
                    {example === undefined
                        ? say("noExample")
                        : say("example", {
                              model: example.name,
                              list: format.exactMoney(perMillion(example.input_price_per_1k ?? "0")),
                              here: format.exactMoney(perMillion(example.input_price_per_1k ?? "0", form.values.price_multiplier)),
                          })}
                </Notice>
                <CheckField form={form} name="is_active" label={say("isActive")} />
            </Form>
        </Dialog>
    );
}
