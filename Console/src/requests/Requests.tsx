import { Screen } from "../shared/Parts";

export default function Requests() {
    return <Screen title="Requests">…</Screen>;
}
