import { Screen, Tabs } from "../shared/Parts";
import { useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { AccountSection } from "./AccountSection";
import { HealthSection } from "./HealthSection";
import { SettingsSection } from "./SettingsSection";
import { useSettingsWords } from "./words";

type Tab = "account" | "health" | "settings";

/** What is one's own for everybody; how servers are and are set, for staff. */
export default function Settings() {
    const say = useSettingsWords();
    const session = useSession();
    const [choices, choose] = useChoices("settings", { tab: "account" });
    const tabs: Tab[] = session.isStaff ? ["account", "health", "settings"] : ["account"];
    const tab = tabs.find((tab) => tab === choices.tab) ?? "account";
    return (
        <Screen title={session.isStaff ? say("titleStaff") : say("title")}>
            {tabs.length > 1 && <Tabs label={say("tabs")} tabs={tabs.map((name) => ({ name, title: say(name) }))} chosen={tab} onChoose={(tab) => choose({ tab })} />}
            {tab === "account" && <AccountSection />}
            {tab === "health" && <HealthSection />}
            {tab === "settings" && <SettingsSection />}
        </Screen>
    );
}
