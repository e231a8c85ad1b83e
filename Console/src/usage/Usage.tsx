import { Screen } from "../shared/Parts";

export default function Usage() {
    return <Screen title="Usage">…</Screen>;
}
