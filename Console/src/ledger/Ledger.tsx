import { Screen, Tabs } from "../shared/Parts";
import { go, useLocation } from "../shared/router";
import { ActList } from "./ActList";
import { LogView } from "./LogView";
import { useLedgerWords } from "./words";

export default function Ledger() {
    const say = useLedgerWords();
    const { path } = useLocation();
    const view = path === "/ledger/acts" ? "acts" : "log";
    return (
        <Screen title={say("title")} note={view === "acts" ? say("actsNote") : say("note")}>
            <Tabs
                label={say("views")}
                tabs={[{ name: "log" as const, title: say("log") }, { name: "acts" as const, title: say("acts") }]}
                chosen={view}
                onChoose={(view) => go(view === "acts" ? "/ledger/acts" : "/ledger")}
            />
            {view === "acts" ? <ActList /> : <LogView />}
        </Screen>
    );
}
