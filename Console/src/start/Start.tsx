import { Screen } from "../shared/Parts";

export default function Start() {
    return <Screen title="Start">…</Screen>;
}
