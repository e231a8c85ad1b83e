import { Page } from "./api";
import type { ModelOption } from "./ModelsField";
import { useSession } from "./session";
import { useAPI } from "./useAPI";

interface Model {
    id: number;
    name: string;
    is_active: boolean;
}

/** Models by name: for staff all that there are, for users those that their quotas reach. */
export function useModels(): ModelOption[] {
    const session = useSession();
    const staff = useAPI<Page<Model>>(session.isStaff ? "/api/admin/models/?ordering=name&page_size=200" : null);
    const own = useAPI<{ models: { name: string }[] }>(session.isStaff ? null : "/api/me/models/");
    if (!session.isStaff) return (own.value?.models ?? []).map(({ name }) => ({ key: name, name }));
    return (staff.value?.results ?? []).map((model) => ({ key: model.name, name: model.name, isActive: model.is_active }));
}
