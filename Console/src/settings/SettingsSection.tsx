import { useState } from "react";
import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Form, SearchBox, TextField, useForm } from "../shared/Form";
import { useKitWords } from "../shared/kitWords";
import { Button, Card, Dialog, Empty, Loaded } from "../shared/Parts";
import { usePreferences } from "../shared/preferences";
import { useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Column, Table } from "../shared/Table";
import { Asked, useAction, useAPI } from "../shared/useAPI";
import { meanings } from "./meanings";
import { useSettingsWords } from "./words";

interface Setting {
    name: string;
    value: string | null;
    default: string | null;
    origin: string;
    place: string | null;
    is_secret: boolean;
    is_live: boolean;
    note: string;
}

interface SettingList {
    settings: Setting[];
}

const origins = ["default", "file", "environment", "flag", "database"] as const;

export function SettingsSection() {
    const say = useSettingsWords();
    const asked = useAPI<SettingList>("/api/admin/settings/");
    const meaning = useMeaning();
    const [choices, choose] = useChoices("settings", { tab: "account", search: "" });
    const [edited, setEdited] = useState<Setting | null>(null);
    return (
        <>
            <div className="filters"><SearchBox label={say("search")} value={choices.search} onSearch={(search) => choose({ search })} /></div>
            <Loaded asked={asked}>
                {({ settings }) => {
                    const words = choices.search.toLowerCase().split(/\s+/);
                    const shown = settings.filter((setting) => words.every((word) => `${setting.name} ${meaning(setting)}`.toLowerCase().includes(word)));
                    return (
                        <>
                            <Card title={say("editable")} note={say("editableNote")} className="setting-names"><List label={say("editable")} rows={shown.filter((setting) => setting.is_live)} onEdit={setEdited} /></Card>
                            <Card title={say("others")} note={say("othersNote")} className="setting-names"><List label={say("others")} rows={shown.filter((setting) => !setting.is_live)} /></Card>
                        </>
                    );
                }}
            </Loaded>
            {edited !== null && <EditSetting asked={asked} setting={edited} onClose={() => setEdited(null)} />}
        </>
    );
}

function useMeaning(): (setting: Setting) => string {
    const { language } = usePreferences();
    return (setting) => (language === "zh-CN" ? meanings[setting.name] : undefined) ?? setting.note;
}

function List({ label, rows, onEdit }: { label: string; rows: Setting[]; onEdit?: (setting: Setting) => void }) {
    const say = useSettingsWords();
    const session = useSession();
    const meaning = useMeaning();
    const origin = (setting: Setting) => {
        const name = origins.find((name) => name === setting.origin);
        return name === undefined ? setting.origin : say(name);
    };
    const columns: Column<Setting>[] = [
        { name: "setting", title: say("setting"), show: (setting) => <code>{setting.name}</code> },
        { name: "value", title: say("value"), show: (setting) => (setting.is_secret ? <span className="muted">{say("secret")}</span> : <code>{setting.value || "–"}</code>) },
        { name: "default", title: say("byDefault"), isMinor: true, show: (setting) => <code className="muted">{setting.default || "–"}</code> },
        { name: "origin", title: say("origin"), show: (setting) => <span title={setting.place ?? undefined}>{origin(setting)}</span> },
        { name: "meaning", title: say("meaning"), show: meaning },
    ];
    const mayEdit = onEdit !== undefined && session.covers("super_admin");
    return (
        <Table
            label={label}
            rows={rows}
            columns={columns}
            id={(setting) => setting.name}
            empty={<Empty title={say("none")} />}
            actions={mayEdit ? (setting) => (setting.place === null ? <Button isSmall onClick={() => onEdit(setting)}>{say("edit")}</Button> : <span className="note">{say("fixed", { place: setting.place })}</span>) : undefined}
        />
    );
}

function EditSetting({ asked, setting, onClose }: { asked: Asked<SettingList>; setting: Setting; onClose: () => void }) {
    const say = useSettingsWords();
    const kit = useKitWords();
    const meaning = useMeaning();
    const action = useAction(async () => {
        const text = form.values.value.trim();
        const { value } = await send<SettingList>("PATCH", "/api/admin/settings/", { body: { [setting.name]: text === "" ? null : text }, version: asked.version });
        asked.assume(() => value);
        asked.reload();
        announce(say("changed", { name: setting.name }));
        onClose();
    });
    // The server tells what is wrong under the setting's own name.
    const wrong = action.error?.fields[setting.name];
    if (wrong !== undefined && action.error !== null) action.error.fields.value = wrong;
    const form = useForm({ value: setting.value ?? "" }, action.error);
    return (
        <Dialog title={say("editTitle", { name: setting.name })} onClose={onClose}>
            <Form error={action.error} fields={["value", setting.name]} submit={kit("save")} isBusy={action.isRunning} onSubmit={() => void action.run()} onCancel={onClose}>
                <p>{meaning(setting)}</p>
                <TextField form={form} name="value" label={say("value")} note={`${say("valueNote")} ${say("byDefault")}: ${setting.default ?? "–"}`} />
            </Form>
        </Dialog>
    );
}
