import { useState } from "react";
import { EntityChoice } from "../shared/EntityChoice";
import { Choice, SearchBox } from "../shared/Form";
import { Button } from "../shared/Parts";
import { useSession } from "../shared/session";
import { TimeRange } from "../shared/TimeRange";
import { Call, Filters, flags, noFilters, states } from "./calls";
import { useRequestsWords } from "./words";

/** Rare ones stand behind a button, unless one of them is in use. */
const rare = ["user", "key", "model", "provider", "model_group", "flag", "min_cost", "max_cost"] as const;

export function CallFilters(props: { filters: Filters; rows: Call[]; onChoose: (change: Partial<Filters>) => void; onClear: () => void }) {
    const say = useRequestsWords();
    const { filters, onChoose } = props;
    const [isWide, setWide] = useState(false);
    const inUse = rare.filter((name) => filters[name] !== "").length;
    const isAny = (Object.keys(noFilters) as (keyof Filters)[]).some((name) => filters[name] !== "");
    return (
        <div className="stack">
            <div className="filters">
                <SearchBox label={say("search")} value={filters.search} onSearch={(search) => onChoose({ search })} />
                <TimeRange chosen={filters} onChoose={onChoose} />
                <Choice
                    label={say("state")}
                    value={filters.state}
                    options={[{ value: "", title: say("any") }, ...states.map((state) => ({ value: state as string, title: say(state) }))]}
                    onChoose={(state) => onChoose({ state })}
                />
                <StatusCode value={filters.status_code} onChoose={(status_code) => onChoose({ status_code })} />
                <Button isPressed={isWide} onClick={() => setWide(!isWide)}>
                    {isWide ? say("fewer") : say("more")}{inUse > 0 ? ` (${inUse})` : ""}
                </Button>
                {isAny && <Button kind="quiet" icon="close" onClick={props.onClear}>{say("clear")}</Button>}
            </div>
            {(isWide || inUse > 0) && <RareFilters {...props} />}
        </div>
    );
}

function RareFilters({ filters, rows, onChoose }: { filters: Filters; rows: Call[]; onChoose: (change: Partial<Filters>) => void }) {
    const say = useRequestsWords();
    const session = useSession();
    // Where the rows are all of one, the first tells its name.
    const first = rows[0];
    const keyTitle = (key: { id: number; name?: string; user_email?: string }) =>
        session.isStaff ? `${key.name ?? key.id} · ${key.user_email ?? ""}` : key.name ?? String(key.id);
    return (
        <div className="filters">
            {session.isStaff && <EntityChoice label={say("user")} from="/api/admin/users/" value={filters.user} known={first?.user_email} onChoose={(user) => onChoose({ user })} />}
            <EntityChoice label={say("key")} from={session.isStaff ? "/api/admin/keys/" : "/api/me/keys/"} title={keyTitle} value={filters.key} known={first?.key_name} onChoose={(key) => onChoose({ key })} />
            {session.isStaff
                ? <EntityChoice label={say("model")} from="/api/admin/models/" value={filters.model} known={first?.model_name} onChoose={(model) => onChoose({ model })} />
                : <Shown label={say("model")} value={filters.model} rows={rows.map((call) => [call.model, call.model_name])} onChoose={(model) => onChoose({ model })} />}
            {session.isStaff && <EntityChoice label={say("provider")} from="/api/admin/providers/" value={filters.provider} known={first?.provider_name} onChoose={(provider) => onChoose({ provider })} />}
            {session.isStaff
                ? <EntityChoice label={say("group")} from="/api/admin/model-groups/" value={filters.model_group} known={first?.model_group_name} onChoose={(model_group) => onChoose({ model_group })} />
                : <Shown label={say("group")} value={filters.model_group} rows={rows.map((call) => [call.model_group, call.model_group_name])} onChoose={(model_group) => onChoose({ model_group })} />}
            <Choice
                label={say("flag")}
                value={filters.flag}
                options={[{ value: "", title: say("any") }, ...flags.map((flag) => ({ value: flag as string, title: say(flag) }))]}
                onChoose={(flag) => onChoose({ flag })}
            />
            <Amount id="min-cost" label={say("minCost")} value={filters.min_cost} onChoose={(min_cost) => onChoose({ min_cost })} />
            <Amount id="max-cost" label={say("maxCost")} value={filters.max_cost} onChoose={(max_cost) => onChoose({ max_cost })} />
        </div>
    );
}

/** One of those that the rows show, or the one that a link named: users have no list of all. */
function Shown(props: { label: string; value: string; rows: [id: number, name: string | null][]; onChoose: (value: string) => void }) {
    const say = useRequestsWords();
    const names = new Map(props.rows.map(([id, name]) => [String(id), name ?? `#${id}`]));
    if (props.value !== "" && !names.has(props.value)) names.set(props.value, `#${props.value}`);
    const options = [...names].map(([value, title]) => ({ value, title }));
    return <Choice label={props.label} value={props.value} options={[{ value: "", title: say("any") }, ...options]} onChoose={props.onChoose} />;
}

function StatusCode({ value, onChoose }: { value: string; onChoose: (value: string) => void }) {
    const say = useRequestsWords();
    const usual = ["200", "400", "401", "402", "403", "404", "408", "429", "499", "500", "502", "503", "504"];
    const codes = value === "" || usual.includes(value) ? usual : [value, ...usual];
    return <Choice label={say("status")} value={value} options={[{ value: "", title: say("any") }, ...codes.map((code) => ({ value: code, title: code }))]} onChoose={onChoose} />;
}

/** Told when it is left or Enter is pressed, and only if it is an amount. */
function Amount({ id, label, value, onChoose }: { id: string; label: string; value: string; onChoose: (value: string) => void }) {
    const [text, setText] = useState(value);
    const [known, setKnown] = useState(value);
    if (known !== value) {
        setKnown(value);
        setText(value);
    }
    const isAmount = text === "" || /^[0-9]{1,7}(\.[0-9]{1,12})?$/.test(text);
    const tell = () => {
        if (isAmount && text !== value) onChoose(text);
    };
    return (
        <div className="choice">
            <label htmlFor={id}>{label}</label>
            <input
                id={id}
                inputMode="decimal"
                autoComplete="off"
                className="amount"
                aria-invalid={!isAmount || undefined}
                value={text}
                onChange={(event) => setText(event.target.value)}
                onBlur={tell}
                onKeyDown={(event) => event.key === "Enter" && tell()}
            />
        </div>
    );
}
