import { Screen } from "../shared/Parts";

export default function Settings() {
    return <Screen title="Settings">…</Screen>;
}
