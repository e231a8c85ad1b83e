import { Page, path } from "../shared/api";
import { picos } from "../shared/money";
import { useAPI } from "../shared/useAPI";
import type { Model } from "../models/model";
import type { Provider } from "../providers/provider";

export const steps = ["provider", "test", "models", "prices", "group", "quota", "key", "playground"] as const;
export type Step = (typeof steps)[number];

export interface Group {
    id: number;
    name: string;
    models: number[];
}

export interface Quota {
    id: number;
    model_group: number;
    remaining_quota: string;
    has_ended: boolean;
    is_active: boolean;
}

export interface Key {
    id: number;
    name: string;
    is_active: boolean;
    is_playground: boolean;
}

/** What there is on the way to a first call. */
export interface Standing {
    providers: Provider[];
    models: Model[];
    groups: Group[];
    quotas: Quota[];
    keys: Key[];
}

/** Models with a price. */
export function priced(standing: Standing): Model[] {
    return standing.models.filter((model) => model.price !== null);
}

/** The group that a first call can be paid for in: one with a priced model. */
export function group(standing: Standing): Group | undefined {
    const able = new Set(priced(standing).map((model) => model.id));
    const groups = standing.groups.filter((group) => group.models.some((model) => able.has(model)));
    return groups.find((group) => standing.quotas.some((quota) => pays(quota, group))) ?? groups[0];
}

function pays(quota: Quota, group: Group): boolean {
    return quota.model_group === group.id && quota.is_active && !quota.has_ended && picos(quota.remaining_quota) > BigInt(0);
}

export function quota(standing: Standing): Quota | undefined {
    const found = group(standing);
    return found && standing.quotas.find((quota) => pays(quota, found));
}

/** Which steps are done; a test is known only from models that came of it, or from this visit. */
export function done(standing: Standing, isTested: boolean): Record<Step, boolean> {
    return {
        provider: standing.providers.length > 0,
        test: isTested || standing.models.length > 0,
        models: standing.models.length > 0,
        prices: priced(standing).length > 0,
        group: group(standing) !== undefined,
        quota: quota(standing) !== undefined,
        key: standing.keys.some((key) => key.is_active && !key.is_playground),
        playground: false,
    };
}

/** All of it at once, asked again after each step. */
export function useStanding() {
    const all = { page_size: 100, is_active: true };
    const providers = useAPI<Page<Provider>>(path("/api/admin/providers/", all));
    const models = useAPI<Page<Model>>(path("/api/admin/models/", { ...all, ordering: "name" }));
    const groups = useAPI<Page<Group>>(path("/api/admin/model-groups/", all));
    const quotas = useAPI<Page<Quota>>(path("/api/me/quotas/", all));
    const keys = useAPI<Page<Key>>(path("/api/me/keys/", all));
    const asked = [providers, models, groups, quotas, keys];
    const isThere = providers.value && models.value && groups.value && quotas.value && keys.value;
    return {
        value: isThere
            ? ({ providers: providers.value!.results, models: models.value!.results, groups: groups.value!.results, quotas: quotas.value!.results, keys: keys.value!.results } as Standing)
            : null,
        version: null,
        error: asked.find((one) => one.error !== null)?.error ?? null,
        isLoading: asked.some((one) => one.isLoading),
        reload: () => asked.forEach((one) => one.reload()),
        assume: () => undefined,
    };
}
