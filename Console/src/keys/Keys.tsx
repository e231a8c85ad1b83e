import { Screen } from "../shared/Parts";

export default function Keys() {
    return <Screen title="Keys">…</Screen>;
}
