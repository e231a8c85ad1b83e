import { Screen } from "../shared/Parts";

export default function Connect() {
    return <Screen title="Connect">…</Screen>;
}
