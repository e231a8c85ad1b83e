import { useState } from "react";
import { announce } from "../shared/announcements";
import { APIError, send } from "../shared/api";
import { Choice, Form, TextField, useForm } from "../shared/Form";
import { Card, Facts } from "../shared/Parts";
import { prefer, preferences, systemTimeZone, usePreferences } from "../shared/preferences";
import { Link } from "../shared/router";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { useSettingsWords } from "./words";

export function AccountSection() {
    return (
        <div className="columns">
            <div className="stack">
                <Profile />
                <Looks />
            </div>
            <Password />
        </div>
    );
}

function Profile() {
    const say = useSettingsWords();
    const session = useSession();
    const { account } = session;
    const action = useAction(async () => {
        await send("PATCH", "/api/auth/me/", { body: { name: form.values.name } });
        announce(say("saved"));
        session.reload();
    });
    const form = useForm({ name: account.name }, action.error);
    return (
        <Card title={say("profile")}>
            <Facts rows={[[say("email"), account.email], [say("role"), say(account.role)]]} />
            <Form error={action.error} fields={["name"]} submit={say("save")} isBusy={action.isRunning} isDisabled={form.values.name === account.name} onSubmit={() => void action.run()}>
                <TextField form={form} name="name" label={say("name")} autoComplete="name" />
            </Form>
            {!session.isStaff && <p className="row"><Link to="/keys">{say("ownKeys")}</Link> <Link to="/quotas">{say("ownQuotas")}</Link></p>}
        </Card>
    );
}

function Password() {
    const say = useSettingsWords();
    const session = useSession();
    const action = useAction(async () => {
        const { password, repeat, current_password } = form.values;
        if (password !== repeat) throw new APIError(400, say("differ"), "", { repeat: [say("differ")] });
        await send("PATCH", "/api/auth/me/", { body: { password, current_password } });
        announce(say("passwordChanged"));
        // Every session has ended, this one too.
        session.reload();
    });
    const form = useForm({ current_password: "", password: "", repeat: "" }, action.error);
    return (
        <Card title={say("password")} note={say("passwordNote")}>
            <Form
                error={action.error}
                fields={["current_password", "password", "repeat"]}
                submit={say("change")}
                isBusy={action.isRunning}
                isDisabled={form.values.current_password === "" || form.values.password === ""}
                onSubmit={() => void action.run()}
            >
                <TextField form={form} name="current_password" type="password" autoComplete="current-password" label={say("current")} />
                <TextField form={form} name="password" type="password" autoComplete="new-password" label={say("new")} note={say("newNote")} />
                <TextField form={form} name="repeat" type="password" autoComplete="new-password" label={say("repeat")} />
            </Form>
        </Card>
    );
}

/** Zones that the browser knows; what it cannot list is told by its own zone and UTC. */
function zones(): string[] {
    const list = (Intl as unknown as { supportedValuesOf?: (key: string) => string[] }).supportedValuesOf?.("timeZone") ?? [];
    return [...new Set(["UTC", systemTimeZone(), preferences().timeZone, ...list])].sort();
}

function Looks() {
    const say = useSettingsWords();
    const { language, theme, timeZone } = usePreferences();
    const [all] = useState(zones);
    return (
        <Card title={say("looks")} note={say("looksNote")}>
            <div className="settings-looks">
                <Choice label={say("language")} value={language} options={[{ value: "en", title: "English" }, { value: "zh-CN", title: "中文" }]} onChoose={(language) => prefer({ language })} />
                <Choice
                    label={say("theme")}
                    value={theme}
                    options={[{ value: "system", title: say("system") }, { value: "light", title: say("light") }, { value: "dark", title: say("dark") }]}
                    onChoose={(theme) => prefer({ theme })}
                />
                <Choice label={say("zone")} value={timeZone} options={all.map((zone) => ({ value: zone, title: zone === systemTimeZone() ? say("systemZone", { zone }) : zone }))} onChoose={(timeZone) => prefer({ timeZone })} />
            </div>
            <p className="field-note">{say("zoneNote")}</p>
        </Card>
    );
}
