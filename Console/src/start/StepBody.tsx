import { useState } from "react";
import { Choice } from "../shared/Form";
import { Empty } from "../shared/Parts";
import { Link } from "../shared/router";
import { PriceFields } from "../models/PriceForm";
import { ModelChoice } from "../providers/ModelSync";
import { ProviderFields } from "../providers/ProviderForm";
import { ProviderTest } from "../providers/ProviderTest";
import { GroupStep } from "./GroupStep";
import { KeyStep } from "./KeyStep";
import { QuotaStep } from "./QuotaStep";
import { group, Standing, Step } from "./state";
import { useStartWords } from "./words";

/** Where a step is done. */
export function StepBody({ step, standing, onDone, onHold }: { step: Step; standing: Standing; onDone: () => void; onHold: () => void }) {
    const say = useStartWords();
    const provider = standing.providers[standing.providers.length - 1];
    const found = group(standing);
    switch (step) {
        case "provider": return <ProviderFields onDone={onDone} />;
        case "test": return provider === undefined ? null : <ProviderTest provider={provider} onGood={onDone} />;
        case "models": return provider === undefined ? null : <ModelChoice provider={provider} onAdded={onDone} />;
        case "prices": return <Prices standing={standing} onDone={onDone} />;
        case "group": return <GroupStep standing={standing} onDone={onDone} />;
        case "quota": return found === undefined ? null : <QuotaStep group={found} onDone={onDone} />;
        case "key": return <KeyStep onMade={onHold} onDone={onDone} />;
        case "playground": return <Empty title={say("allDone")} action={<Link className="button primary" to="/playground">{say("openPlayground")}</Link>} />;
    }
}

function Prices({ standing, onDone }: { standing: Standing; onDone: () => void }) {
    const say = useStartWords();
    const without = standing.models.filter((model) => model.price === null);
    const offered = without.length > 0 ? without : standing.models;
    const [id, setID] = useState("");
    const model = offered.find((model) => String(model.id) === id) ?? offered[0];
    if (model === undefined) return null;
    return (
        <>
            <div className="filters">
                <Choice label={say("which")} value={String(model.id)} options={offered.map((model) => ({ value: String(model.id), title: model.name }))} onChoose={setID} />
                <Link className="button" to="/models/import">{say("importing")}</Link>
            </div>
            <PriceFields key={model.id} model={model} isShort onDone={onDone} />
        </>
    );
}
