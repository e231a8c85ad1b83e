import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Card, Loaded, Refusal } from "../shared/Parts";
import { useAction, useAPI } from "../shared/useAPI";
import { useAlertsWords } from "./words";

const address = "/api/me/alert-preferences/";

export function MailPreference() {
    const say = useAlertsWords();
    const asked = useAPI<{ by_mail: boolean }>(address);
    const saving = useAction(async (by_mail: boolean) => {
        asked.assume((preferences) => ({ ...preferences, by_mail }));
        try {
            await send("PATCH", address, { body: { by_mail }, version: asked.version });
            announce(say("saved"));
        } finally {
            asked.reload();
        }
    });
    return (
        <Card>
            <Loaded asked={asked}>
                {(preferences) => (
                    <div className="field check">
                        <input id="by-mail" name="by_mail" type="checkbox" checked={preferences.by_mail} disabled={saving.isRunning} onChange={(event) => void saving.run(event.target.checked)} />
                        <label htmlFor="by-mail">{say("byMail")}</label>
                        <p className="field-note">{say("byMailNote")}</p>
                    </div>
                )}
            </Loaded>
            <Refusal error={saving.error} />
        </Card>
    );
}
