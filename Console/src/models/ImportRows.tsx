import { useFormat } from "../shared/format";
import { Badge, Empty, Tone } from "../shared/Parts";
import { useImportWords } from "./importWords";
import { perMillion, rate, Rates } from "./rates";

export const acceptances = ["rounding", "implausible", "dearest", "free"] as const;
export type Acceptance = (typeof acceptances)[number];

type Verdict = "new" | "changed" | "unchanged" | "refused" | "missing";
const findings = ["needs_rounding", "needs_implausible", "needs_dearest", "needs_free", "negative", "unreadable", "other_unit", "no_price"] as const;

/** As `/api/admin/prices/import` answers. */
export interface Found {
    applied: number;
    models: {
        model: number;
        model_name: string;
        entry: string;
        verdict: Verdict;
        current: Rates | null;
        found: Rates | null;
        findings: { code: string; member: string }[];
    }[];
    table: { entries: number; clean: number };
}

const tones: Record<Verdict, Tone> = { new: "info", changed: "info", unchanged: "neutral", refused: "bad", missing: "warning" };

/** Each model beside what the table says of it. */
export function ImportRows(props: {
    found: Found;
    chosen: ReadonlySet<string>;
    entries: ReadonlyMap<string, string>;
    onChoose: (chosen: ReadonlySet<string>) => void;
    onEntry: (model: string, entry: string) => void;
}) {
    const say = useImportWords();
    const format = useFormat();
    const { found, chosen } = props;
    const pair = (rates: Rates | null) => {
        const text = (name: "input_price_per_1k" | "output_price_per_1k") => {
            const price = rates === null ? null : rate(rates, name);
            return price === null ? "–" : format.money(perMillion(price));
        };
        return rates === null ? "–" : `${text("input_price_per_1k")} / ${text("output_price_per_1k")}`;
    };
    const finding = (code: string) => {
        const known = findings.find((name) => name === code);
        return known === undefined ? code : say(known);
    };
    if (found.models.length === 0) return <Empty title={say("none")} />;
    return (
        <div className="table-frame" tabIndex={0} role="region" aria-label={say("result")}>
            <table>
                <caption className="unseen">{say("result")}</caption>
                <thead>
                    <tr>
                        <th scope="col"><span className="unseen">{say("choose", { model: "" })}</span></th>
                        <th scope="col">{say("model")}</th>
                        <th scope="col">{say("verdict")}</th>
                        <th scope="col" className="number">{say("now")}</th>
                        <th scope="col" className="number">{say("found")}</th>
                        <th scope="col">{say("entry")}</th>
                        <th scope="col">{say("findings")}</th>
                    </tr>
                </thead>
                <tbody>
                    {found.models.map((row) => {
                        const name = row.model_name;
                        const canBe = row.verdict === "new" || row.verdict === "changed";
                        return (
                            <tr key={row.model} className={canBe ? undefined : "dim"}>
                                <td>
                                    <input
                                        type="checkbox"
                                        aria-label={say("choose", { model: name })}
                                        disabled={!canBe}
                                        checked={canBe && chosen.has(name)}
                                        onChange={(event) => props.onChoose(new Set(event.target.checked ? [...chosen, name] : [...chosen].filter((item) => item !== name)))}
                                    />
                                </td>
                                <td>{name}</td>
                                <td><Badge tone={tones[row.verdict]}>{say(row.verdict)}</Badge></td>
                                <td className="number">{pair(row.current)}</td>
                                <td className="number">{pair(row.found)}</td>
                                <td>
                                    <input
                                        aria-label={say("entryOf", { model: name })}
                                        defaultValue={props.entries.get(name) ?? row.entry}
                                        spellCheck={false}
                                        onChange={(event) => props.onEntry(name, event.target.value === row.entry ? "" : event.target.value)}
                                    />
                                </td>
                                <td>{[...new Set(row.findings.map((item) => finding(item.code)))].join(", ")}</td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
        </div>
    );
}
