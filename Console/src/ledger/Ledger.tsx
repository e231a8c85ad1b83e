import { Screen } from "../shared/Parts";

export default function Ledger() {
    return <Screen title="Ledger">…</Screen>;
}
