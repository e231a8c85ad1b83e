import { useEffect, useRef, useState } from "react";
import { announce } from "../shared/announcements";
import { Page, path, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { approximately } from "../shared/money";
import { Badge, Button, Card, Confirm, Empty, Loaded } from "../shared/Parts";
import { Lines } from "../shared/plots/Lines";
import { useSession } from "../shared/session";
import { Table } from "../shared/Table";
import { useAction, useAPI } from "../shared/useAPI";
import type { Model, Price } from "./model";
import { perMillion, rate } from "./rates";
import { useModelWords } from "./words";

/** A price's versions through time, those to come among them. */
export function PriceHistory({ model, round, onChanged }: { model: Model; round: number; onChanged: () => void }) {
    const say = useModelWords();
    const format = useFormat();
    const session = useSession();
    const asked = useAPI<Page<Price>>(path("/api/admin/prices/", { model: model.id, ordering: "-effective_from", page_size: 100 }));
    const [removing, setRemoving] = useState<Price | null>(null);
    const isFirst = useRef(true);
    useEffect(() => {
        if (isFirst.current) isFirst.current = false;
        else asked.reload();
    }, [round]);
    const removal = useAction(async (price: Price) => {
        await send("DELETE", `/api/admin/prices/${price.id}/`);
        announce(say("removed"));
        setRemoving(null);
        onChanged();
    });
    const isFuture = (price: Price) => Date.parse(price.effective_from) > Date.now();
    const money = (text: string | null) => (text === null ? "–" : format.money(perMillion(text)));
    return (
        <Card title={say("history")}>
            <Loaded asked={asked} isEmpty={(page) => page.results.length === 0} empty={<Empty title={say("noPrice")} />}>
                {(page) => (
                    <>
                        {page.results.length > 1 && <Steps prices={[...page.results].reverse()} />}
                        <Table<Price>
                            label={say("history")}
                            rows={page.results}
                            id={(price) => price.id}
                            isDim={(price) => !price.is_current && !isFuture(price)}
                            columns={[
                                { name: "from", title: say("version"), show: (price) => format.minute(price.effective_from) },
                                { name: "state", title: say("state"), show: (price) => <Badge tone={price.is_current ? "good" : isFuture(price) ? "info" : "neutral"}>{say(price.is_current ? "current" : isFuture(price) ? "future" : "past")}</Badge> },
                                { name: "input", title: say("input"), isNumber: true, show: (price) => money(rate(price, "input_price_per_1k")) },
                                { name: "output", title: say("output"), isNumber: true, show: (price) => money(rate(price, "output_price_per_1k")) },
                                { name: "sample", title: say("sample"), isNumber: true, isMinor: true, show: (price) => <span title={`${format.exactMoney(price.sample_bill.total)}; ${say("sampleNote")}`}>{format.money(price.sample_bill.total)}</span> },
                            ]}
                            actions={session.isAdministrator ? (price) => (isFuture(price) ? <Button isSmall icon="trash" onClick={() => setRemoving(price)}>{say("removeFuture")}</Button> : null) : undefined}
                        />
                    </>
                )}
            </Loaded>
            {removing !== null && (
                <Confirm title={say("removeTitle")} action={say("removeFuture")} isBusy={removal.isRunning} error={removal.error} onConfirm={() => void removal.run(removing)} onClose={() => setRemoving(null)}>
                    <p>{say("removeNote", { when: format.minute(removing.effective_from) })}</p>
                </Confirm>
            )}
        </Card>
    );
}

function Steps({ prices }: { prices: Price[] }) {
    const say = useModelWords();
    const format = useFormat();
    const line = (name: "input_price_per_1k" | "output_price_per_1k") => prices.map((price) => {
        const text = rate(price, name);
        return text === null ? null : approximately(perMillion(text));
    });
    return (
        <Lines
            label={say("historyLabel")}
            name="prices"
            nameTitle={say("version")}
            names={prices.map((price) => format.tick(price.effective_from, "day"))}
            longNames={prices.map((price) => format.minute(price.effective_from))}
            height={200}
            isStepped
            value={(value) => format.money(String(value))}
            mark={(value, most) => format.moneyMark(value, most)}
            lines={[{ title: say("priceInput"), values: line("input_price_per_1k") }, { title: say("priceOutput"), values: line("output_price_per_1k") }]}
        />
    );
}
