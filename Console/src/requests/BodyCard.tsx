import { useState } from "react";
import { announce } from "../shared/announcements";
import { get, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Button, Card, Confirm } from "../shared/Parts";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { BodyView, KeptBody } from "./BodyView";
import { useBodyWords } from "./bodyWords";
import { CallDetail } from "./calls";

/** What was said is shown only to somebody who says so, for looking is an act that the audit log has. */
export function BodyCard({ call, base }: { call: CallDetail; base: string }) {
    const say = useBodyWords();
    const format = useFormat();
    const session = useSession();
    const [asks, setAsks] = useState<"look" | "erase" | null>(null);
    const [body, setBody] = useState<KeptBody | null>(null);
    const [isErased, setErased] = useState(false);
    const address = `${base}/${call.request_id}/body/`;
    const looking = useAction(async () => {
        setBody((await get<KeptBody>(address)).value);
        setAsks(null);
    });
    const erasing = useAction(async () => {
        await send("DELETE", address);
        setBody(null);
        setErased(true);
        setAsks(null);
        announce(say("erased"));
    });
    const standing = isErased ? null : call.body;
    if (standing === null) return <Card title={say("title")}><p className="note">{isErased ? say("erased") : say("none")}</p></Card>;
    const until = format.instant(standing.kept_until);
    return (
        <Card
            title={say("title")}
            note={standing.capture === "full" ? say("full", { until }) : say("metadata", { until })}
            actions={
                <>
                    {body === null ? <Button onClick={() => setAsks("look")}>{say("look")}</Button> : <Button onClick={() => setBody(null)}>{say("hide")}</Button>}
                    {session.isAdministrator && <Button icon="trash" onClick={() => setAsks("erase")}>{say("erase")}</Button>}
                </>
            }
        >
            {body !== null && <BodyView body={body} />}
            {asks === "look" && (
                <Confirm title={say("lookTitle")} action={say("confirm")} isBusy={looking.isRunning} error={looking.error} onConfirm={() => void looking.run()} onClose={() => setAsks(null)}>
                    <p>{session.isStaff ? say("lookNote") : say("ownNote")}</p>
                </Confirm>
            )}
            {asks === "erase" && (
                <Confirm title={say("eraseTitle")} action={say("erase")} isBusy={erasing.isRunning} error={erasing.error} onConfirm={() => void erasing.run()} onClose={() => setAsks(null)}>
                    <p>{say("eraseNote")}</p>
                </Confirm>
            )}
        </Card>
    );
}
