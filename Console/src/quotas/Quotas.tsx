import { useLocation } from "../shared/router";
import { QuotaDetail } from "./QuotaDetail";
import { QuotaList } from "./QuotaList";

/** `/quotas`: the list; `/quotas/7`: one of them. */
export default function Quotas() {
    const id = /^\/quotas\/(\d+)$/.exec(useLocation().path)?.[1];
    return id === undefined ? <QuotaList /> : <QuotaDetail id={id} />;
}
