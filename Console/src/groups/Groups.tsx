import { useLocation } from "../shared/router";
import { GroupDetail } from "./GroupDetail";
import { GroupList } from "./GroupList";

/** `/groups`: the list; `/groups/2`: one of them. */
export default function Groups() {
    const id = /^\/groups\/(\d+)$/.exec(useLocation().path)?.[1];
    return id === undefined ? <GroupList /> : <GroupDetail id={id} />;
}
