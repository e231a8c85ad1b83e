import { Screen } from "../shared/Parts";

export default function Users() {
    return <Screen title="Users">…</Screen>;
}
