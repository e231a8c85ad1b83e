import { Screen } from "../shared/Parts";

export default function Models() {
    return <Screen title="Models">…</Screen>;
}
