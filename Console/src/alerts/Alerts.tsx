import { Screen, Tabs } from "../shared/Parts";
import { go, useLocation } from "../shared/router";
import { useSession } from "../shared/session";
import { AlertList } from "./AlertList";
import { AlertScreen } from "./AlertScreen";
import { ChannelList } from "./ChannelList";
import { MailPreference } from "./MailPreference";
import { RulesView } from "./RulesView";
import { useAlertsWords } from "./words";

export default function Alerts() {
    const say = useAlertsWords();
    const session = useSession();
    const { path } = useLocation();
    const rest = path.slice("/alerts/".length);
    if (session.isStaff && /^[1-9][0-9]*$/.test(rest)) return <AlertScreen key={rest} id={rest} />;
    if (!session.isStaff) {
        return (
            <Screen title={say("title")} note={say("ownNote")}>
                <MailPreference />
                <AlertList />
            </Screen>
        );
    }
    const view = rest === "rules" || rest === "channels" ? rest : "history";
    return (
        <Screen title={say("title")} note={say("note")}>
            <Tabs
                label={say("views")}
                tabs={[{ name: "history" as const, title: say("history") }, { name: "rules" as const, title: say("rules") }, { name: "channels" as const, title: say("channels") }]}
                chosen={view}
                onChoose={(view) => go(view === "history" ? "/alerts" : `/alerts/${view}`)}
            />
            {view === "rules" ? <RulesView /> : view === "channels" ? <ChannelList /> : <AlertList />}
        </Screen>
    );
}
