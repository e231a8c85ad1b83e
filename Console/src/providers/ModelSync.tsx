import { useEffect, useState } from "react";
import { announce } from "../shared/announcements";
import { APIError, send } from "../shared/api";
import { useFormat } from "../shared/format";
import { useKitWords } from "../shared/kitWords";
import { Button, Dialog, Notice, Refusal, Skeleton } from "../shared/Parts";
import { useAction } from "../shared/useAPI";
import { Offered } from "./Offered";
import { base, Provider, Sync } from "./provider";
import { Trouble } from "./ProviderTest";
import { useProviderWords } from "./words";

export function ModelSync(props: { provider: Provider; onClose: () => void; onAdded: () => void }) {
    const say = useProviderWords();
    return (
        <Dialog title={say("syncTitle", { name: props.provider.name })} isWide onClose={props.onClose}>
            <ModelChoice provider={props.provider} onClose={props.onClose} onAdded={props.onAdded} />
        </Dialog>
    );
}

/** How long a context is where the provider does not say. */
const usualContext = "8192";

/** What a provider offers beside what is here; what is chosen is added. */
export function ModelChoice({ provider, onClose, onAdded }: { provider: Provider; onClose?: () => void; onAdded: () => void }) {
    const say = useProviderWords();
    const kit = useKitWords();
    const format = useFormat();
    const [sync, setSync] = useState<Sync | null>(null);
    const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map());
    const [refused, setRefused] = useState<ReadonlyMap<string, string>>(new Map());
    const read = useAction(async () => {
        const { value } = await send<Sync>("POST", `${base}${provider.id}/sync-models/`);
        setSync(value);
        const only = value.added.length === 1 ? value.added : [];
        setChosen(new Map(only.map((model) => [model.upstream_model, String(model.context_length ?? usualContext)])));
    });
    useEffect(() => void read.run(), []);
    const add = useAction(async () => {
        const failed = new Map<string, string>();
        for (const [name, context] of chosen) {
            try {
                await send("POST", "/api/admin/models/", { body: { name, provider: provider.id, upstream_model: name, context_length: Number(context) } });
            } catch (error) {
                if (!(error instanceof APIError)) throw error;
                failed.set(name, error.message);
            }
        }
        setRefused(failed);
        if (failed.size < chosen.size) {
            announce(say("added", { n: chosen.size - failed.size }));
            onAdded();
        }
        if (failed.size === 0) onClose?.();
        else await read.run();
    });
    return (
        <>
            <div className="dialog-body">
                <p className="note">{say("syncNote")}</p>
                <Refusal error={read.error} />
                {sync === null && read.error === null && <Skeleton />}
                {sync !== null && !sync.ok && <Trouble reading={sync} />}
                {sync?.ok && (
                    <>
                        <Offered offered={sync.added} chosen={chosen} usualContext={usualContext} onChoose={setChosen} />
                        {[...refused].map(([name, message]) => <Notice key={name} tone="bad" title={`${say("notAdded")}: ${name}`}>{message}</Notice>)}
                        {sync.changed.length > 0 && (
                            <section className="stack">
                                <h3>{say("changedThere")}</h3>
                                <ul>{sync.changed.map((model) => <li key={model.model}>{say("changedLine", { model: model.model, ours: format.count(model.context_length), theirs: format.count(model.upstream_context_length) })}</li>)}</ul>
                            </section>
                        )}
                        {sync.vanished.length > 0 && <Notice tone="warning" title={say("vanished")}>{sync.vanished.map((model) => model.model).join(", ")}</Notice>}
                        {sync.unchanged.length > 0 && <p className="note">{say("unchanged", { n: sync.unchanged.length })}</p>}
                    </>
                )}
                <Refusal error={add.error} />
            </div>
            <div className="dialog-foot">
                {onClose && <Button onClick={onClose}>{kit("close")}</Button>}
                {sync !== null && !sync.ok && <Button isBusy={read.isRunning} onClick={() => void read.run()}>{kit("retry")}</Button>}
                {sync?.ok && sync.added.length > 0 && (
                    <Button kind="primary" isBusy={add.isRunning} isDisabled={chosen.size === 0} onClick={() => void add.run()}>{say("addChosen", { n: chosen.size })}</Button>
                )}
            </div>
        </>
    );
}
