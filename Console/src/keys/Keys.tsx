import { useLocation } from "../shared/router";
import { KeyDetail } from "./KeyDetail";
import { KeyList } from "./KeyList";

/** `/keys`: the list; `/keys/12`: one of them. */
export default function Keys() {
    const id = /^\/keys\/(\d+)$/.exec(useLocation().path)?.[1];
    return id === undefined ? <KeyList /> : <KeyDetail id={id} />;
}
