import { Screen } from "../shared/Parts";

export default function Reference() {
    return <Screen title="Reference">…</Screen>;
}
