import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { CheckField, Form, SelectField, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Dialog, Loaded } from "../shared/Parts";
import { useAction, useAPI } from "../shared/useAPI";
import { base, Model } from "./model";
import { perMillion, perThousand } from "./rates";
import { useModelWords } from "./words";

interface Provider {
    id: number;
    name: string;
}

interface Props {
    /** Absent: a new one. */
    model?: Model;
    version?: string | null;
    onClose: () => void;
    onDone: (model: Model) => void;
}

/** Makes or changes a model with its way to a provider, its limits and what the provider takes. */
export function ModelForm(props: Props) {
    const say = useModelWords();
    const asked = useAPI<Page<Provider>>(path("/api/admin/providers/", { page_size: 100, ordering: "name", is_active: true }));
    return (
        <Dialog title={props.model === undefined ? say("add") : `${say("edit")}: ${props.model.name}`} isWide onClose={props.onClose}>
            <Loaded asked={asked}>{(page) => <Fields {...props} providers={withOwn(page.results, props.model)} />}</Loaded>
        </Dialog>
    );
}

/** No way leads to a provider that is put aside, but for the one that it has. */
function withOwn(active: Provider[], model: Model | undefined): Provider[] {
    if (model?.provider == null || active.some((provider) => provider.id === model.provider)) return active;
    return [{ id: model.provider, name: model.provider_name ?? `#${model.provider}` }, ...active];
}

const costNames = ["cost_input_price_per_1k", "cost_output_price_per_1k", "cost_cached_input_price_per_1k"] as const;
const limits = ["context_length", "max_output_tokens", "default_output_tokens", "prompt_overhead_tokens"] as const;

function Fields({ model, version, providers, onClose, onDone }: Props & { providers: Provider[] }) {
    const say = useModelWords();
    const kit = useKitWords();
    const money = (text: string | null | undefined) => (text == null ? "" : perMillion(text));
    const action = useAction(async () => {
        const body: Record<string, unknown> = {};
        for (const [name, value] of Object.entries(model === undefined ? form.values : form.changes())) {
            if (value === "" && (model === undefined || !name.startsWith("cost_"))) continue;
            if (name.startsWith("cost_")) body[name] = value === "" ? null : perThousand(String(value)) ?? value;
            else if (name === "capabilities") body[name] = String(value).split(/[,，\s]+/).filter(Boolean);
            else body[name] = name === "provider" || (limits as readonly string[]).includes(name) ? whole(String(value)) : value;
        }
        const { value } = await (model === undefined ? send<Model>("POST", base, { body }) : send<Model>("PATCH", `${base}${model.id}/`, { body, version }));
        announce(say(model === undefined ? "created" : "saved", { name: value.name }));
        onClose();
        onDone(value);
    });
    const form = useForm(
        {
            name: model?.name ?? "",
            display_name: model?.display_name ?? "",
            description: model?.description ?? "",
            capabilities: model?.capabilities.join(", ") ?? "",
            provider: String(model?.provider ?? providers[0]?.id ?? ""),
            upstream_model: model?.upstream_model ?? "",
            context_length: String(model?.context_length ?? ""),
            max_output_tokens: String(model?.max_output_tokens ?? ""),
            default_output_tokens: String(model?.default_output_tokens ?? ""),
            prompt_overhead_tokens: String(model?.prompt_overhead_tokens ?? ""),
            cost_input_price_per_1k: money(model?.cost_input_price_per_1k),
            cost_output_price_per_1k: money(model?.cost_output_price_per_1k),
            cost_cached_input_price_per_1k: money(model?.cost_cached_input_price_per_1k),
            is_active: model?.is_active ?? true,
        },
        action.error,
    );
    return (
        <Form
            error={action.error}
            fields={Object.keys(form.values)}
            submit={model === undefined ? say("add") : kit("save")}
            isBusy={action.isRunning}
            isDisabled={model !== undefined && !form.isChanged}
            onSubmit={() => void action.run()}
            onCancel={onClose}
        >
            <fieldset>
                <legend>{say("route")}</legend>
                <div className="fields">
                    <TextField form={form} name="name" label={say("name")} note={say("nameNote")} isRequired />
                    <SelectField form={form} name="provider" label={say("provider")} isRequired options={providers.map((provider) => ({ value: String(provider.id), title: provider.name }))} />
                    <TextField form={form} name="upstream_model" label={say("upstream")} note={model === undefined ? say("upstreamNote") : undefined} />
                </div>
                <CheckField form={form} name="is_active" label={say("isActive")} />
            </fieldset>
            <fieldset>
                <legend>{say("limits")}</legend>
                <div className="fields">
                    <TextField form={form} name="context_length" label={say("contextLength")} note={say("contextNote")} isNumber isRequired />
                    <TextField form={form} name="max_output_tokens" label={say("maxOutput")} note={say("maxNote")} isNumber />
                    <TextField form={form} name="default_output_tokens" label={say("defaultOutput")} note={say("defaultNote")} isNumber />
                    <TextField form={form} name="prompt_overhead_tokens" label={say("overhead")} note={say("overheadNote")} isNumber />
                </div>
            </fieldset>
            <fieldset>
                <legend>{say("costs")}</legend>
                <p className="field-note">{say("costsNote")}</p>
                <div className="fields">
                    {costNames.map((name, index) => <TextField key={name} form={form} name={name} label={say((["priceInput", "priceOutput", "priceCached"] as const)[index] ?? "priceInput")} isNumber />)}
                </div>
            </fieldset>
            <fieldset>
                <legend>{say("about")}</legend>
                <div className="fields">
                    <TextField form={form} name="display_name" label={say("displayName")} />
                    <TextField form={form} name="capabilities" label={say("capabilities")} note={say("capabilitiesNote")} />
                </div>
                <TextField form={form} name="description" label={say("description")} isMultiline />
            </fieldset>
        </Form>
    );
}

/** What is no number goes as it is, for the server to say so at its field. */
function whole(text: string): number | string {
    return /^\d+$/.test(text) ? Number(text) : text;
}
