import { ReactNode } from "react";
import { useFormat } from "../shared/format";
import { Card, Facts, Loaded } from "../shared/Parts";
import { Link } from "../shared/router";
import type { Asked } from "../shared/useAPI";
import { useLedgerWords } from "./words";

/** What the ledger's page needs of a server's health. */
export interface Health {
    calls: { open: number; uncertain: number; quarantined: number } | null;
    audit: { origin: string | null; signed_at: string | null; halt: string | null };
}

/** What is not booked to its end yet. */
export function BooksCard({ asked }: { asked: Asked<Health> }) {
    const say = useLedgerWords();
    const format = useFormat();
    const row = (name: string, count: number, note: string | null, link: ReactNode): [string, ReactNode] => [
        name,
        <>
            <strong className={count > 0 && note !== null ? "bad-text" : ""}>{format.count(count)}</strong> {count > 0 && link}
            {note !== null && <div className="note">{note}</div>}
        </>,
    ];
    return (
        <Card title={say("books")}>
            <Loaded asked={asked}>
                {({ calls }) => (
                    <Facts
                        rows={[
                            row(say("openCalls"), calls?.open ?? 0, null, <Link to="/requests?state=open">{say("showThem")}</Link>),
                            row(say("uncertain"), calls?.uncertain ?? 0, say("uncertainNote"), <Link to="/requests?state=uncertain">{say("showThem")}</Link>),
                            row(say("quarantined"), calls?.quarantined ?? 0, say("quarantinedNote"), null),
                        ]}
                    />
                )}
            </Loaded>
        </Card>
    );
}
