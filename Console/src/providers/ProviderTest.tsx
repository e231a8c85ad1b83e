import { useState } from "react";
import { send } from "../shared/api";
import { useFormat } from "../shared/format";
import { Button, Notice, Refusal } from "../shared/Parts";
import { useAction } from "../shared/useAPI";
import { base, Provider, Reading, Test } from "./provider";
import { useProviderWords } from "./words";

/** Asks a provider for its models and tells what came of it. */
export function ProviderTest({ provider, onGood }: { provider: Provider; onGood?: () => void }) {
    const say = useProviderWords();
    const format = useFormat();
    const [test, setTest] = useState<Test | null>(null);
    const action = useAction(async () => {
        setTest(null);
        const { value } = await send<Test>("POST", `${base}${provider.id}/test/`);
        setTest(value);
        if (value.ok) onGood?.();
    });
    return (
        <div className="stack">
            <div className="row">
                <Button icon="play" isBusy={action.isRunning} onClick={() => void action.run()}>{say("test")}</Button>
                {action.isRunning && <span className="note" role="status">{say("testing", { name: provider.name })}</span>}
            </div>
            <Refusal error={action.error} />
            {test !== null && (test.ok ? <Notice tone="good">{say("testGood", { time: format.duration(test.latency_ms), n: test.models.length })}</Notice> : <Trouble reading={test} />)}
        </div>
    );
}

/** Why it cannot be called, in words. */
export function Trouble({ reading }: { reading: Reading }) {
    const say = useProviderWords();
    return (
        <Notice tone="bad" title={say("testBad")}>
            {reading.detail} {reading.status_code !== null && say("status", { code: String(reading.status_code) })}
        </Notice>
    );
}
