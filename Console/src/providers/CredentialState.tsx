import { Badge } from "../shared/Parts";
import type { Provider } from "./provider";
import { useProviderWords } from "./words";

export function CredentialState({ provider }: { provider: Provider }) {
    const say = useProviderWords();
    switch (provider.api_key_state) {
        case "set": return <>{say("set", { hint: provider.api_key ?? "" })}</>;
        case "none": return <span className="muted">{say("none")}</span>;
        case "undecryptable": return <Badge tone="bad">{say("undecryptable")}</Badge>;
    }
}
