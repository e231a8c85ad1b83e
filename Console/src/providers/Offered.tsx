import { useId, useState } from "react";
import type { Sync } from "./provider";
import { useProviderWords } from "./words";

/** Models that a provider has and we do not, to choose from; `chosen` is their context lengths by their names. */
export function Offered(props: {
    offered: Sync["added"];
    chosen: ReadonlyMap<string, string>;
    usualContext: string;
    onChoose: (chosen: ReadonlyMap<string, string>) => void;
}) {
    const say = useProviderWords();
    const id = useId();
    const [filter, setFilter] = useState("");
    const { offered, chosen } = props;
    const shown = offered.filter((model) => model.upstream_model.toLowerCase().includes(filter.toLowerCase()));
    const set = (name: string, context: string | null) => {
        const next = new Map(chosen);
        if (context === null) next.delete(name);
        else next.set(name, context);
        props.onChoose(next);
    };
    const first = (model: Sync["added"][number]) => String(model.context_length ?? props.usualContext);
    if (offered.length === 0) return <p>{say("noNew")}</p>;
    const isAll = shown.every((model) => chosen.has(model.upstream_model));
    return (
        <section className="stack">
            <h3>{say("newModels", { n: offered.length })}</h3>
            {offered.length > 10 && (
                <div className="choice">
                    <label htmlFor={`${id}-filter`}>{say("filter")}</label>
                    <input id={`${id}-filter`} type="search" value={filter} onChange={(event) => setFilter(event.target.value)} />
                </div>
            )}
            <div className="table-frame" tabIndex={0} role="region" aria-label={say("newModels", { n: offered.length })}>
                <table>
                    <thead>
                        <tr>
                            <th scope="col">
                                <input
                                    type="checkbox"
                                    aria-label={say("chooseAll")}
                                    checked={isAll}
                                    onChange={() => props.onChoose(new Map(isAll ? [] : [...chosen, ...shown.filter((model) => !chosen.has(model.upstream_model)).map((model) => [model.upstream_model, first(model)] as const)]))}
                                />
                            </th>
                            <th scope="col">{say("name")}</th>
                            <th scope="col">{say("context")}</th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((model) => {
                            const name = model.upstream_model;
                            const context = chosen.get(name);
                            return (
                                <tr key={name}>
                                    <td><input type="checkbox" aria-label={say("choose", { name })} checked={context !== undefined} onChange={() => set(name, context === undefined ? first(model) : null)} /></td>
                                    <td className="mono">{name}</td>
                                    <td>
                                        <input
                                            inputMode="numeric"
                                            aria-label={`${say("context")}: ${name}`}
                                            title={say("contextNote")}
                                            value={context ?? first(model)}
                                            disabled={context === undefined}
                                            onChange={(event) => set(name, event.target.value)}
                                        />
                                    </td>
                                </tr>
                            );
                        })}
                    </tbody>
                </table>
            </div>
        </section>
    );
}
