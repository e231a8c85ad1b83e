import { Screen } from "../shared/Parts";

export default function Quotas() {
    return <Screen title="Quotas">…</Screen>;
}
