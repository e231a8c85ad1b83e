import { Screen } from "../shared/Parts";

export default function Bills() {
    return <Screen title="Bills">…</Screen>;
}
