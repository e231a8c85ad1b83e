import { useFormat } from "../shared/format";
import { Button, Dialog, SecretOnce, Snippet } from "../shared/Parts";
import { Link } from "../shared/router";
import { curl } from "../connect/snippets";
import { Key } from "./key";
import { useKeysWords } from "./words";

/** The whole key, once, with a call that can be tried at once. */
export function NewSecret({ made, onClose }: { made: Key; onClose: () => void }) {
    const say = useKeysWords();
    const format = useFormat();
    return (
        <Dialog title={say("secretTitle", { name: made.name })} isWide onClose={onClose}>
            <div className="dialog-body">
                <SecretOnce secret={made.api_key}>
                    {made.old_secret_until !== null && <p>{say("oldUntil", { time: format.instant(made.old_secret_until) })}</p>}
                    <h3>{say("tryIt")}</h3>
                    <Snippet label={say("tryLabel")} code={curl({ baseURL: `${location.origin}/v1`, key: made.api_key, model: made.allowed_models?.[0] ?? "MODEL" })} />
                </SecretOnce>
            </div>
            <div className="dialog-foot">
                <Link className="button plain" to="/connect">{say("moreWays")}</Link>
                <Button kind="primary" onClick={onClose}>{say("done")}</Button>
            </div>
        </Dialog>
    );
}
