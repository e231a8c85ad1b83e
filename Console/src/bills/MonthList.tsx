import { path } from "../shared/api";
import { EntityChoice } from "../shared/EntityChoice";
import { Choice } from "../shared/Form";
import { useFormat } from "../shared/format";
import { picos } from "../shared/money";
import { Badge, Button, Card, Empty, Loaded, Screen } from "../shared/Parts";
import { date } from "../shared/period";
import { csv, download, PlotTable } from "../shared/plots/Frame";
import { useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Piece, Statistics } from "../shared/statistics";
import { Column, Table } from "../shared/Table";
import { useAPI } from "../shared/useAPI";
import { firstDay, monthOf, monthsOn } from "./months";
import { net } from "./net";
import { useBillsWords } from "./words";

/** A row a month, each the way to its statement. */
export function MonthList() {
    const say = useBillsWords();
    const format = useFormat();
    const session = useSession();
    const [choices, choose] = useChoices("bills", { year: "", user: "" });
    const thisMonth = date(0).slice(0, 7);
    const first = choices.year === "" ? monthsOn(thisMonth, -11) : `${choices.year}-01`;
    const last = choices.year === "" ? thisMonth : `${choices.year}-12`;
    const base = session.isStaff ? "/api/admin/stats/billing/" : "/api/me/stats/billing/";
    const asked = useAPI<Statistics>(
        path(base, { time_zone: format.timeZone, from: firstDay(first), to: firstDay(monthsOn(last, 1)), step: "month", user: session.isStaff ? choices.user : "" }),
    );
    const monthOfPiece = (piece: Piece) => monthOf(piece.start, format.timeZone);
    const money = (amount: string) => <span title={format.exactMoney(amount)}>{format.money(amount)}</span>;
    const columns: Column<Piece>[] = [
        { name: "month", title: say("month"), show: (piece) => <>{format.month(piece.start)}{monthOfPiece(piece) === thisMonth && <> <Badge tone="info">{say("soFar")}</Badge></>}</> },
        { name: "requests", title: say("requests"), isNumber: true, show: ({ figures }) => format.count(figures.requests) },
        { name: "failed", title: say("failed"), isNumber: true, isMinor: true, show: ({ figures }) => format.count(figures.errors) },
        { name: "spend", title: say("spend"), isNumber: true, show: ({ figures }) => money(figures.spend) },
        { name: "refunds", title: say("refunds"), isNumber: true, show: ({ figures }) => money(figures.refunds) },
        { name: "net", title: say("net"), isNumber: true, show: ({ figures }) => <strong>{money(net(figures))}</strong> },
        ...(session.isStaff ? [{ name: "cost", title: say("cost"), isNumber: true, isMinor: true, show: ({ figures }: Piece) => money(figures.provider_cost ?? "0") }] : []),
    ];
    const table = (pieces: Piece[]): PlotTable => ({
        columns: [say("month"), say("requests"), say("failed"), say("spend"), say("refunds"), say("net")],
        rows: pieces.map((piece) => [monthOfPiece(piece), piece.figures.requests, piece.figures.errors, piece.figures.spend, piece.figures.refunds, net(piece.figures)]),
    });
    const years = Array.from({ length: 5 }, (_, index) => String(Number(thisMonth.slice(0, 4)) - index));
    const isAnything = (piece: Piece) => piece.figures.requests > 0 || picos(piece.figures.refunds) !== 0n || picos(piece.figures.spend) !== 0n;
    return (
        <Screen title={say("title")} note={session.isStaff ? say("staffNote") : say("ownNote")}>
            <div className="filters">
                <Choice label={say("months")} value={choices.year} options={[{ value: "", title: say("last12") }, ...years.map((year) => ({ value: year, title: year }))]} onChoose={(year) => choose({ year })} />
                {session.isStaff && <EntityChoice label={say("user")} from="/api/admin/users/" value={choices.user} onChoose={(user) => choose({ user })} />}
            </div>
            <Loaded asked={asked}>
                {(statistics) => {
                    const pieces = statistics.series.filter(isAnything).reverse();
                    return (
                        <Card title={say("months")} actions={pieces.length > 0 && <Button icon="download" isSmall onClick={() => download("bills.csv", csv(table(pieces)))}>{say("csv")}</Button>}>
                            <Table
                                label={say("months")}
                                columns={columns}
                                rows={pieces}
                                id={monthOfPiece}
                                to={(piece) => path(`/bills/${monthOfPiece(piece)}`, { user: choices.user })}
                                empty={<Empty title={say("none")} />}
                            />
                        </Card>
                    );
                }}
            </Loaded>
        </Screen>
    );
}
