import { Screen } from "../shared/Parts";

export default function Alerts() {
    return <Screen title="Alerts">…</Screen>;
}
