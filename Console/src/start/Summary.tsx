import { useFormat } from "../shared/format";
import { Link } from "../shared/router";
import { group, priced, quota, Standing, Step } from "./state";
import { useStartWords } from "./words";

/** What a step that is done came to, with the page where all of it is. */
export function Summary({ step, standing }: { step: Step; standing: Standing }) {
    const say = useStartWords();
    const format = useFormat();
    const [text, to] = ((): [string, string] => {
        switch (step) {
            case "provider": return [say("providerDone", { n: standing.providers.length, name: standing.providers[0]?.name ?? "" }), "/providers"];
            case "test": return [say("testDone"), "/providers"];
            case "models": return [say("modelsDone", { n: standing.models.length, name: standing.models[0]?.name ?? "" }), "/models"];
            case "prices": return [say("pricesDone", { n: priced(standing).length }), "/models"];
            case "group": return [say("groupDone", { name: group(standing)?.name ?? "" }), "/groups"];
            case "quota": return [say("quotaDone", { amount: format.money(quota(standing)?.remaining_quota ?? "0") }), "/quotas"];
            case "key": return [say("keyDone"), "/keys"];
            case "playground": return ["", "/playground"];
        }
    })();
    return <p className="note">{text} <Link to={to}>{say("details")}</Link></p>;
}
