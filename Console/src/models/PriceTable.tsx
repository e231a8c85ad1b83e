import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Table } from "../shared/Table";
import { costs, Model } from "./model";
import { margin, perMillion, rate, rateNames } from "./rates";
import { useModelWords } from "./words";

/** The price in force, class by class, with its cost beside it. */
export function PriceTable({ model }: { model: Model }) {
    const say = useModelWords();
    const format = useFormat();
    const cost = costs(model);
    // What has neither a price nor a cost of its own says nothing that its class does not.
    const rows = rateNames.filter(({ name, as }) => as === null || model[name] !== null || (cost !== null && cost[name] !== null));
    const money = (text: string | null) => (text === null ? "–" : format.money(perMillion(text)));
    return (
        <>
            <Table
                label={say("price")}
                rows={[...rows]}
                id={(row) => row.name}
                columns={[
                    { name: "class", title: say("class"), show: (row) => say(row.word) },
                    { name: "price", title: say("listPrice"), isNumber: true, show: (row) => <span title={`${format.exactMoney(rate(model, row.name) ?? "0")} / 1K`}>{money(rate(model, row.name))}</span> },
                    { name: "cost", title: say("costPrice"), isNumber: true, show: (row) => (cost === null ? "–" : money(rate(cost, row.name))) },
                    {
                        name: "margin", title: say("margin"), isNumber: true, show: (row) => {
                            const part = cost === null ? null : margin(rate(model, row.name), rate(cost, row.name));
                            return part === null ? "–" : <span className={part < 0 ? "bad-text" : undefined}>{format.percent(part)}</span>;
                        },
                    },
                ]}
            />
            {model.price_per_call !== null && picos(model.price_per_call) > BigInt(0) && <p className="note">{say("fee")}: {format.exactMoney(model.price_per_call)}</p>}
        </>
    );
}
