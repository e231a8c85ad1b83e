import { useState } from "react";
import { Loaded, Screen } from "../shared/Parts";
import { Icon } from "../shared/Icon";
import { go, useChoices } from "../shared/router";
import { done, Standing, Step, steps, useStanding } from "./state";
import { StepBody } from "./StepBody";
import { Summary } from "./Summary";
import { useStartWords } from "./words";

/** From nothing to the first answer of a model, one step after the other. */
export default function Start() {
    const say = useStartWords();
    const asked = useStanding();
    return (
        <Screen title={say("title")} note={say("note")}>
            <Loaded asked={asked}>{(standing) => <Path standing={standing} reload={asked.reload} />}</Loaded>
        </Screen>
    );
}

function Path({ standing, reload }: { standing: Standing; reload: () => void }) {
    const say = useStartWords();
    const [{ step }, choose] = useChoices("start", { step: "" });
    const [isTested, setTested] = useState(false);
    // A key is shown once; its step stays open until the person goes on.
    const [holds, setHolds] = useState<Step | null>(null);
    const isDone = done(standing, isTested);
    const next = holds ?? steps.find((name) => !isDone[name]) ?? "playground";
    const open = steps.find((name) => name === step) ?? next;
    const count = steps.filter((name) => isDone[name]).length;
    const finish = (name: Step) => {
        if (name === "test") setTested(true);
        if (name === "key") {
            setHolds(null);
            choose({ step: "" });
            return go("/playground");
        }
        choose({ step: "" });
        reload();
    };
    return (
        <>
            <div className="start-progress">
                <span>{say("progress", { done: count, n: steps.length - 1 })}</span>
                <progress value={count} max={steps.length - 1} aria-label={say("progress", { done: count, n: steps.length - 1 })} />
            </div>
            <ol className="start-steps">
                {steps.map((name, index) => {
                    const isOpen = name === open;
                    const isReachable = steps.slice(0, index).every((before) => isDone[before]);
                    const state = isDone[name] ? "done" : isReachable ? "open" : "later";
                    return (
                        <li key={name} className={`card start-step ${state}${isOpen ? " current" : ""}`} aria-current={isOpen ? "step" : undefined}>
                            <div className="start-head">
                                <span className="start-mark" aria-hidden="true">{isDone[name] ? <Icon name="check" /> : index + 1}</span>
                                <h2>
                                    {isOpen || !isReachable ? say(name) : <button type="button" className="link" onClick={() => choose({ step: name })}>{say(name)}</button>}
                                </h2>
                                {isDone[name] && !isOpen && <Summary step={name} standing={standing} />}
                                <span className={`badge ${isDone[name] ? "good" : state === "open" ? "info" : "neutral"}`}>{say(state)}</span>
                            </div>
                            {isOpen && isReachable && (
                                <>
                                    <p className="note">{say(`${name}Note` as const)}</p>
                                    <StepBody step={name} standing={standing} onDone={() => finish(name)} onHold={() => setHolds(name)} />
                                </>
                            )}
                        </li>
                    );
                })}
            </ol>
        </>
    );
}
