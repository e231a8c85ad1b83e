import { Screen } from "../shared/Parts";

export default function Providers() {
    return <Screen title="Providers">…</Screen>;
}
