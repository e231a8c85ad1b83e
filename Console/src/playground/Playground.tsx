import { Screen } from "../shared/Parts";

export default function Playground() {
    return <Screen title="Playground">…</Screen>;
}
