import { useId, useState } from "react";
import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Button, Card, Notice, Refusal, Screen } from "../shared/Parts";
import { Link } from "../shared/router";
import { useAction } from "../shared/useAPI";
import { Acceptance, acceptances, Found, ImportRows } from "./ImportRows";
import { useImportWords } from "./importWords";
import { useModelWords } from "./words";

const largestBytes = 4 * 1_024 * 1_024;

/** Why a text is no table; null where it may be one. */
function problem(text: string): string | null {
    try {
        JSON.parse(text);
        return null;
    } catch (error) {
        return error instanceof Error ? error.message : String(error);
    }
}

/** Compares a price table with the models here, and gives chosen ones its prices. */
export function PriceImport() {
    const say = useImportWords();
    const models = useModelWords();
    const id = useId();
    const [text, setText] = useState("");
    const [trouble, setTrouble] = useState<string | null>(null);
    const [found, setFound] = useState<Found | null>(null);
    const [accept, setAccept] = useState<ReadonlySet<Acceptance>>(new Set());
    const [entries, setEntries] = useState<ReadonlyMap<string, string>>(new Map());
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());

    // The table goes as it is: no number of it passes through a float.
    const ask = async (chosen: Map<string, string | null>, apply: boolean) => {
        const members = { ...(chosen.size > 0 ? { models: Object.fromEntries(chosen) } : {}), accept: [...accept], apply };
        const body = `{"table":${text},${JSON.stringify(members).slice(1)}`;
        return (await send<Found>("POST", "/api/admin/prices/import/", { body, headers: { "Content-Type": "application/json" } })).value;
    };
    const compare = useAction(async () => {
        setTrouble(null);
        if (new Blob([text]).size > largestBytes) return setTrouble(say("tooLarge"));
        const reason = problem(text);
        if (reason !== null) return setTrouble(say("notJSON", { reason }));
        let next = await ask(new Map(), false);
        if (entries.size > 0) {
            // Entries that were named for some models; the others as they are.
            const named = await ask(new Map(next.models.map((row) => [row.model_name, entries.get(row.model_name) ?? null])), false);
            next = { ...named, table: next.table };
        }
        setFound(next);
        setChosen(new Set(next.models.filter((row) => row.verdict === "new" || row.verdict === "changed").map((row) => row.model_name)));
    });
    const apply = useAction(async () => {
        const done = await ask(new Map([...chosen].map((name) => [name, entries.get(name) ?? null])), true);
        announce(say("applied", { n: done.applied }));
        await compare.run();
    });
    const read = async (file: File | undefined) => {
        if (file === undefined) return;
        setFound(null);
        if (file.size > largestBytes) return setTrouble(say("tooLarge"));
        setTrouble(null);
        setText(await file.text());
    };
    return (
        <Screen title={say("title")} note={<Link to="/models">{models("back")}</Link>}>
            <Card note={say("note")}>
                <div className="field">
                    <label htmlFor={`${id}-file`}>{say("file")}</label>
                    <input id={`${id}-file`} name="file" type="file" accept=".json,application/json" onChange={(event) => void read(event.target.files?.[0])} />
                </div>
                <div className="field">
                    <label htmlFor={`${id}-text`}>{say("paste")}</label>
                    <textarea id={`${id}-text`} name="table" className="mono" rows={6} spellCheck={false} value={text} placeholder='{"gpt-4o": {"input_cost_per_token": 0.0000025, "output_cost_per_token": 0.00001}}' onChange={(event) => setText(event.target.value)} />
                </div>
                <fieldset>
                    <legend>{say("accept")}</legend>
                    <div className="fields">
                        {acceptances.map((name) => (
                            <div key={name} className="field check">
                                <input
                                    id={`${id}-${name}`}
                                    type="checkbox"
                                    checked={accept.has(name)}
                                    onChange={(event) => setAccept(new Set(event.target.checked ? [...accept, name] : [...accept].filter((item) => item !== name)))}
                                />
                                <label htmlFor={`${id}-${name}`}>{say(name)}</label>
                            </div>
                        ))}
                    </div>
                </fieldset>
                {trouble !== null && <Notice tone="bad">{trouble}</Notice>}
                <Refusal error={compare.error} />
                <div className="row">
                    <Button kind={found === null ? "primary" : "plain"} isBusy={compare.isRunning} isDisabled={text.trim() === ""} onClick={() => void compare.run()}>{say(found === null ? "compare" : "again")}</Button>
                </div>
            </Card>
            {found !== null && (
                <Card title={say("result")} note={`${say("table", { clean: found.table.clean, n: found.table.entries })} ${say("perMillion")}`}>
                    <ImportRows found={found} chosen={chosen} entries={entries} onChoose={setChosen} onEntry={(model, entry) => setEntries(new Map([...entries, [model, entry]].filter(([, entry]) => entry !== "") as [string, string][]))} />
                    <Refusal error={apply.error} />
                    <div className="row">
                        <Button kind="primary" isBusy={apply.isRunning} isDisabled={chosen.size === 0} onClick={() => void apply.run()}>{say("apply", { n: chosen.size })}</Button>
                    </div>
                </Card>
            )}
        </Screen>
    );
}
