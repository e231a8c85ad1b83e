import { useState } from "react";
import { announce } from "../shared/announcements";
import { APIError, send } from "../shared/api";
import { Form, TextField, useForm } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Button, Card, Dialog, Facts, Loaded } from "../shared/Parts";
import { useSession } from "../shared/session";
import { useAction, useAPI } from "../shared/useAPI";
import { Rules } from "./answers";
import { useRulesWords } from "./rulesWords";

const address = "/api/admin/alert-rules/";

export function RulesView() {
    const say = useRulesWords();
    const format = useFormat();
    const session = useSession();
    const asked = useAPI<Rules>(address);
    const [isEditing, setEditing] = useState(false);
    const steps = (values: number[], unit: string) => (values.length === 0 ? say("none") : values.map((value) => `${format.count(value)}${unit}`).join(", "));
    return (
        <Loaded asked={asked}>
            {(rules) => (
                <Card title={say("title")} actions={session.isAdministrator && <Button icon="edit" onClick={() => setEditing(true)}>{say("edit")}</Button>}>
                    <div className="columns">
                        <div className="stack">
                            <h3>{say("quotas")}</h3>
                            <Facts rows={[[say("threshold_percents"), steps(rules.threshold_percents, " %")], [say("expiry_hours"), steps(rules.expiry_hours, " h")]]} />
                        </div>
                        <div className="stack">
                            <h3>{say("spending")}</h3>
                            <Facts rows={[[say("unusual_spend_floor"), format.exactMoney(rules.unusual_spend_floor)], [say("unusual_spend_factor"), `× ${format.count(rules.unusual_spend_factor)}`]]} />
                        </div>
                        <div className="stack">
                            <h3>{say("providers")}</h3>
                            <Facts rows={[[say("failure_percent"), `${format.count(rules.failure_percent)} %`], [say("least_failures"), format.count(rules.least_failures)]]} />
                        </div>
                    </div>
                    {isEditing && (
                        <RulesDialog
                            rules={rules}
                            version={asked.version}
                            onClose={() => setEditing(false)}
                            onDone={() => {
                                setEditing(false);
                                asked.reload();
                            }}
                        />
                    )}
                </Card>
            )}
        </Loaded>
    );
}

/** `"80, 95"` as numbers; null for anything else. */
function numbers(text: string): number[] | null {
    const parts = text.split(/[,，、\s]+/).filter((part) => part !== "");
    return parts.every((part) => /^[0-9]{1,7}$/.test(part)) ? parts.map(Number) : null;
}

function RulesDialog({ rules, version, onClose, onDone }: { rules: Rules; version: string | null; onClose: () => void; onDone: () => void }) {
    const say = useRulesWords();
    const acting = useAction(async () => {
        const { values } = form;
        const lists = { threshold_percents: numbers(values.threshold_percents), expiry_hours: numbers(values.expiry_hours) };
        const whole = { unusual_spend_factor: numbers(values.unusual_spend_factor)?.[0], failure_percent: numbers(values.failure_percent)?.[0], least_failures: numbers(values.least_failures)?.[0] };
        const wrong = Object.entries({ ...lists, ...whole }).filter(([, value]) => value === null || value === undefined);
        if (wrong.length > 0) throw new APIError(400, say("wholeNumbers"), "", Object.fromEntries(wrong.map(([name]) => [name, [say("wholeNumbers")]])));
        await send("PATCH", address, { body: { ...lists, ...whole, unusual_spend_floor: values.unusual_spend_floor }, version });
        announce(say("saved"));
        onDone();
    });
    const form = useForm(
        {
            threshold_percents: rules.threshold_percents.join(", "), expiry_hours: rules.expiry_hours.join(", "), unusual_spend_floor: rules.unusual_spend_floor,
            unusual_spend_factor: String(rules.unusual_spend_factor), failure_percent: String(rules.failure_percent), least_failures: String(rules.least_failures),
        },
        acting.error,
    );
    return (
        <Dialog title={say("editTitle")} isWide onClose={onClose}>
            <Form error={acting.error} fields={Object.keys(form.values)} submit={say("edit")} isBusy={acting.isRunning} isDisabled={!form.isChanged} onSubmit={() => void acting.run()} onCancel={onClose}>
                <fieldset>
                    <legend>{say("quotas")}</legend>
                    <TextField form={form} name="threshold_percents" label={say("threshold_percents")} note={say("thresholdsNote")} />
                    <TextField form={form} name="expiry_hours" label={say("expiry_hours")} note={say("hoursNote")} />
                </fieldset>
                <fieldset>
                    <legend>{say("spending")}</legend>
                    <TextField form={form} name="unusual_spend_floor" label={say("unusual_spend_floor")} note={say("floorNote")} isNumber />
                    <TextField form={form} name="unusual_spend_factor" label={say("unusual_spend_factor")} note={say("factorNote")} isNumber />
                </fieldset>
                <fieldset>
                    <legend>{say("providers")}</legend>
                    <TextField form={form} name="failure_percent" label={say("failure_percent")} note={say("failureNote")} isNumber />
                    <TextField form={form} name="least_failures" label={say("least_failures")} note={say("leastNote")} isNumber />
                </fieldset>
            </Form>
        </Dialog>
    );
}
