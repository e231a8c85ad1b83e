import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { CheckField, Form, TextField, useForm } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Dialog } from "../shared/Parts";
import { instantAt } from "../shared/instants";
import { useAction } from "../shared/useAPI";
import type { Model } from "./model";
import { perMillion, perThousand, RateName, rateNames, Rates, sampleBill } from "./rates";
import { useModelWords } from "./words";

/** A new version of a model's price, with what a sample call would cost under it. */
export function PriceForm(props: { model: Model; onClose: () => void; onDone: () => void }) {
    const say = useModelWords();
    return (
        <Dialog title={`${say("newPrice")}: ${props.model.name}`} isWide onClose={props.onClose}>
            <PriceFields model={props.model} onCancel={props.onClose} onDone={() => {
                props.onClose();
                props.onDone();
            }} />
        </Dialog>
    );
}

export function PriceFields({ model, onDone, onCancel, isShort }: { model: Model; onDone: () => void; onCancel?: () => void; isShort?: boolean }) {
    const say = useModelWords();
    const format = useFormat();
    const action = useAction(async () => {
        const { effective_from, allow_high_price, price_per_call } = form.values;
        const body: Record<string, unknown> = { model: model.id, allow_high_price, ...(price_per_call === "" ? {} : { price_per_call }) };
        for (const { name } of rateNames) {
            // What is no such number goes as it is, for the server to say so at its field.
            if (form.values[name] !== "") body[name] = perThousand(form.values[name]) ?? form.values[name];
        }
        if (effective_from !== "") body.effective_from = instantAt(effective_from, format.timeZone) ?? effective_from;
        await send("POST", "/api/admin/prices/", { body });
        announce(say("priced", { name: model.name }));
        onDone();
    });
    const first: Record<string, string> = {};
    for (const { name } of rateNames) first[name] = model[name] === null ? "" : perMillion(model[name] ?? "0");
    const form = useForm({ ...(first as Record<RateName, string>), price_per_call: model.price_per_call ?? "", effective_from: "", allow_high_price: false }, action.error);
    const rates: Rates = { ...(Object.fromEntries(rateNames.map(({ name }) => [name, form.values[name] === "" ? null : perThousand(form.values[name])])) as Record<RateName, string | null>), price_per_call: form.values.price_per_call || "0" };
    const bill = sampleBill(rates);
    const now = model.price === null ? null : sampleBill(model);
    const isHigh = action.error !== null && Object.keys(action.error.fields).some((name) => name.endsWith("_price_per_1k"));
    const title = (name: RateName) => say(rateNames.find((item) => item.name === name)?.word ?? "priceInput");
    const field = (item: (typeof rateNames)[number]) => (
        <TextField key={item.name} form={form} name={item.name} label={say(item.word)} isNumber isRequired={item.as === null} note={item.as === null ? undefined : say("emptyAs", { class: title(item.as) })} />
    );
    return (
        <Form error={action.error} fields={Object.keys(form.values)} submit={say("newPrice")} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onCancel}>
            <p className="note">{say("newPriceNote")} {say("perMillion")}.</p>
            <div className="fields">{rateNames.slice(0, 3).map(field)}</div>
            {!isShort && (
                <>
                    <details>
                        <summary>{say("optional")}</summary>
                        <div className="fields price-others">{rateNames.slice(3).map(field)}</div>
                    </details>
                    <div className="fields">
                        <TextField form={form} name="price_per_call" label={say("fee")} isNumber />
                        <TextField form={form} name="effective_from" type="datetime-local" label={say("from")} note={say("fromNote", { zone: format.timeZone })} />
                    </div>
                </>
            )}
            {(isHigh || form.values.allow_high_price) && <CheckField form={form} name="allow_high_price" label={say("allowHigh")} />}
            <p className="sample" aria-live="polite">
                <strong>{say("sample")}: {bill === null ? "–" : format.exactMoney(bill)}</strong>
                {now !== null && <span className="muted"> ({say("sampleNow", { amount: format.exactMoney(now) })})</span>}
                <br />
                <span className="note">{say("sampleNote")}</span>
            </p>
        </Form>
    );
}
