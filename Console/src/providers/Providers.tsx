import { useState } from "react";
import { Page, path } from "../shared/api";
import { useKitWords } from "../shared/kitWords";
import { Choice, SearchBox } from "../shared/Form";
import { useFormat } from "../shared/format";
import { Badge, Button, Empty, Loaded, Screen } from "../shared/Parts";
import { go, useChoices, useLocation } from "../shared/router";
import { useSession } from "../shared/session";
import { milliseconds, Statistics } from "../shared/statistics";
import { Pages, Table } from "../shared/Table";
import { useAPI } from "../shared/useAPI";
import { CredentialState } from "./CredentialState";
import { ProviderForm } from "./ProviderForm";
import { ProviderPage } from "./ProviderPage";
import { base, figures, Provider } from "./provider";
import { useProviderWords } from "./words";

export default function Providers() {
    const { path } = useLocation();
    const id = /^\/providers\/(\d+)$/.exec(path)?.[1];
    return id === undefined ? <List /> : <ProviderPage key={id} id={Number(id)} />;
}

const defaults = { search: "", is_active: "", ordering: "name", page: "1" };
const size = 25;

function List() {
    const say = useProviderWords();
    const format = useFormat();
    const session = useSession();
    const [choices, choose, reset] = useChoices("providers", defaults);
    const asked = useAPI<Page<Provider>>(path(base, { ...choices, page_size: size }));
    const statistics = useAPI<Statistics>(figures());
    const [isAdding, setAdding] = useState(false);
    const all = statistics.value?.totals.requests ?? 0;
    const of = (provider: Provider) => statistics.value?.groups?.find((group) => group.id === provider.id)?.totals;
    const isFiltered = choices.search !== "" || choices.is_active !== "";
    return (
        <Screen
            title={say("title")}
            note={say("note")}
            actions={session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>{say("add")}</Button>}
        >
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search, page: "1" })} />
                <Choice
                    label={say("stateFilter")}
                    value={choices.is_active}
                    options={[{ value: "", title: say("any") }, { value: "true", title: say("active") }, { value: "false", title: say("inactive") }]}
                    onChoose={(is_active) => choose({ is_active, page: "1" })}
                />
            </div>
            <Loaded asked={asked}>
                {(page) => (
                    <>
                        <Table<Provider>
                            label={say("title")}
                            rows={page.results}
                            id={(provider) => provider.id}
                            to={(provider) => `/providers/${provider.id}`}
                            isDim={(provider) => !provider.is_active}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            empty={isFiltered ? <NoMatch reset={reset} /> : <Empty title={say("empty")} action={session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>{say("add")}</Button>}>{say("emptyNote")}</Empty>}
                            columns={[
                                { name: "name", title: say("name"), isSorted: true, show: (provider) => provider.name },
                                { name: "base_url", title: say("address"), isMinor: true, show: (provider) => <span className="mono">{provider.base_url}</span> },
                                { name: "state", title: say("state"), show: (provider) => <Badge tone={provider.is_active ? "good" : "neutral"}>{say(provider.is_active ? "active" : "inactive")}</Badge> },
                                { name: "credential", title: say("credential"), isMinor: true, show: (provider) => <CredentialState provider={provider} /> },
                                { name: "share", title: say("share"), isNumber: true, show: (provider) => (all > 0 ? format.percent((of(provider)?.requests ?? 0) / all) : "–") },
                                { name: "success", title: say("success"), isNumber: true, show: (provider) => success(of(provider), format.percent.bind(format)) },
                                { name: "p95", title: say("p95"), isNumber: true, show: (provider) => format.duration(milliseconds(of(provider)?.p95 ?? null)) },
                            ]}
                        />
                        {page.count > 0 && <Pages page={Number(choices.page)} size={size} count={page.count} onPage={(page) => choose({ page: String(page) })} />}
                    </>
                )}
            </Loaded>
            {isAdding && <ProviderForm onClose={() => setAdding(false)} onDone={(provider) => go(`/providers/${provider.id}`)} />}
        </Screen>
    );
}

export function success(figures: { requests: number; errors: number } | undefined, percent: (part: number) => string): string {
    return figures === undefined || figures.requests === 0 ? "–" : percent((figures.requests - figures.errors) / figures.requests);
}

function NoMatch({ reset }: { reset: () => void }) {
    const say = useKitWords();
    return <Empty title={say("noMatch")} action={<Button onClick={reset}>{say("clearFilters")}</Button>} />;
}
