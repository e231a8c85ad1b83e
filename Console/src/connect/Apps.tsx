import { Card, CopyButton } from "../shared/Parts";
import { Table } from "../shared/Table";
import type { Place } from "./snippets";
import { useConnectWords } from "./words";

/** Where chat apps take the base URL and the key. */
export function Apps({ place }: { place: Place }) {
    const say = useConnectWords();
    const host = place.baseURL.replace(/\/v1$/, "");
    const apps = [
        { name: "Open WebUI", where: say("openWebUI") },
        { name: "LibreChat", where: say("libreChat") },
        { name: "Cherry Studio", where: say("cherry") },
        { name: "NextChat", where: say("nextChat") },
    ];
    return (
        <Card title={say("apps")}>
            <Table
                label={say("apps")}
                rows={apps}
                id={(app) => app.name}
                columns={[
                    { name: "app", title: say("app"), show: (app) => app.name },
                    { name: "place", title: say("place"), show: (app) => app.where },
                ]}
            />
            <div className="secret-line"><span className="note">{say("hostNote")}</span><code>{host}</code><CopyButton text={host} isSmall /></div>
        </Card>
    );
}
