import { Screen } from "../shared/Parts";

export default function Groups() {
    return <Screen title="Groups">…</Screen>;
}
