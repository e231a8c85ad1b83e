import { Choice } from "../shared/Form";
import { Screen, Tabs } from "../shared/Parts";
import { PeriodChoice } from "../shared/period";
import { useChoices } from "../shared/router";
import { useSession } from "../shared/session";
import { Flow } from "./Flow";
import { Hours } from "./Hours";
import { Month } from "./Month";
import { OverTime } from "./OverTime";
import { defaults, dimensions, Measure, measures, narrowed } from "./question";
import { Speed } from "./Speed";
import { Tokens } from "./Tokens";
import { useUsageWords } from "./words";

const views = ["time", "classes", "speed", "hours", "month", "flow"] as const;

/** What was used and what it cost, from several sides; each of them is one request. */
export default function Usage() {
    const say = useUsageWords();
    const { isStaff } = useSession();
    const [choices, choose] = useChoices("usage", defaults);
    const view = views.find((name) => name === choices.view) ?? "time";
    const one = narrowed(choices, isStaff);
    const by = isStaff ? dimensions : (["key"] as const);
    const hasPeriod = view !== "hours" && view !== "month";
    const widen = () => choose({ model: "", provider: "", user: "", key: "", group: "" });
    return (
        <Screen
            title={say("title")}
            note={isStaff ? say("staffNote") : say("ownNote")}
            actions={
                <div className="filters">
                    {view === "time" && one === null && (
                        <Choice
                            label={say("by")}
                            value={choices.by || by[0]}
                            options={[...by.map((value) => ({ value: value as string, title: say(value) })), { value: "none", title: say("all") }]}
                            onChoose={(value) => choose({ by: value })}
                        />
                    )}
                    {(view === "time" || view === "hours" || view === "flow") && (
                        <Choice label={say("measure")} value={choices.measure as Measure} options={measures.filter((value) => view !== "flow" || value !== "tokens").map((value) => ({ value, title: say(value) }))} onChoose={(measure) => choose({ measure })} />
                    )}
                    {hasPeriod && <PeriodChoice period={choices} onChoose={choose} />}
                </div>
            }
        >
            <Tabs label={say("views")} tabs={views.map((name) => ({ name, title: say(name) }))} chosen={view} onChoose={(view) => choose({ view })} />
            {view === "time" && <OverTime choices={choices} widen={widen} />}
            {view === "classes" && <Tokens choices={choices} widen={widen} />}
            {view === "speed" && <Speed choices={choices} widen={widen} />}
            {view === "hours" && <Hours choices={choices} widen={widen} />}
            {view === "month" && <Month choices={choices} widen={widen} />}
            {view === "flow" && <Flow choices={choices} />}
        </Screen>
    );
}
