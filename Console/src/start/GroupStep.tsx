import { useId, useState } from "react";
import { send } from "../shared/api";
import { Form, TextField, useForm } from "../shared/Form";
import { useAction } from "../shared/useAPI";
import { priced, Standing } from "./state";
import { useStartWords } from "./words";

/** A first group with the models that can be called, or these put into one that is there. */
export function GroupStep({ standing, onDone }: { standing: Standing; onDone: () => void }) {
    const say = useStartWords();
    const id = useId();
    const models = priced(standing);
    const there = standing.groups[0];
    const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set(models.map((model) => model.id)));
    const action = useAction(async () => {
        if (there === undefined) await send("POST", "/api/admin/model-groups/", { body: { name: form.values.name, models: [...chosen] } });
        else await send("PATCH", `/api/admin/model-groups/${there.id}/`, { body: { models: [...new Set([...there.models, ...chosen])] } });
        onDone();
    });
    const form = useForm({ name: "default" }, action.error);
    return (
        <Form error={action.error} fields={["name"]} submit={there === undefined ? say("makeGroup") : say("addTo", { name: there.name })} isBusy={action.isRunning} isDisabled={chosen.size === 0} onSubmit={() => void action.run()}>
            {there === undefined && <TextField form={form} name="name" label={say("groupName")} isRequired />}
            <fieldset>
                <legend>{say("groupModels")}</legend>
                {models.map((model) => (
                    <div key={model.id} className="field check">
                        <input
                            id={`${id}-${model.id}`}
                            type="checkbox"
                            checked={chosen.has(model.id)}
                            onChange={(event) => setChosen(new Set(event.target.checked ? [...chosen, model.id] : [...chosen].filter((item) => item !== model.id)))}
                        />
                        <label htmlFor={`${id}-${model.id}`}>{model.name}</label>
                    </div>
                ))}
            </fieldset>
        </Form>
    );
}
