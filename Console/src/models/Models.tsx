import { useState } from "react";
import { Page, path } from "../shared/api";
import { Choice, SearchBox } from "../shared/Form";
import { useFormat } from "../shared/format";
import { useKitWords } from "../shared/kitWords";
import { Badge, Button, Empty, Loaded, Notice, Screen } from "../shared/Parts";
import { go, Link, useChoices, useLocation } from "../shared/router";
import { useSession } from "../shared/session";
import { Pages, Table } from "../shared/Table";
import { useAPI } from "../shared/useAPI";
import { base, costs, Model } from "./model";
import { ModelForm } from "./ModelForm";
import { ModelPage } from "./ModelPage";
import { PriceImport } from "./PriceImport";
import { margin, perMillion, rate, RateName } from "./rates";
import { useModelWords } from "./words";

export default function Models() {
    const { path } = useLocation();
    const { isAdministrator } = useSession();
    if (path === "/models/import" && isAdministrator) return <PriceImport />;
    const id = /^\/models\/(\d+)$/.exec(path)?.[1];
    return id === undefined ? <List /> : <ModelPage key={id} id={Number(id)} />;
}

const defaults = { search: "", is_active: "", provider: "", model_group: "", ordering: "name", page: "1" };
const size = 25;

function List() {
    const say = useModelWords();
    const kit = useKitWords();
    const format = useFormat();
    const session = useSession();
    const [choices, choose, reset] = useChoices("models", defaults);
    const asked = useAPI<Page<Model>>(path(base, { ...choices, page_size: size }));
    const [isAdding, setAdding] = useState(false);
    const isFiltered = choices.search !== "" || choices.is_active !== "" || choices.provider !== "" || choices.model_group !== "";
    const money = (text: string | null) => (text === null ? "–" : <span title={`${format.exactMoney(text)} / 1K`}>{format.money(perMillion(text))}</span>);
    const list = (model: Model, name: RateName) => money(rate(model, name));
    const add = session.isAdministrator && <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>{say("add")}</Button>;
    return (
        <Screen
            title={say("title")}
            note={say("note")}
            actions={session.isAdministrator && <><Link className="button" to="/models/import">{say("import")}</Link>{add}</>}
        >
            <div className="filters">
                <SearchBox value={choices.search} onSearch={(search) => choose({ search, page: "1" })} />
                <Choice
                    label={say("stateFilter")}
                    value={choices.is_active}
                    options={[{ value: "", title: say("any") }, { value: "true", title: say("active") }, { value: "false", title: say("inactive") }]}
                    onChoose={(is_active) => choose({ is_active, page: "1" })}
                />
                {isFiltered && <Button kind="quiet" icon="close" onClick={reset}>{kit("clearFilters")}</Button>}
            </div>
            <Loaded asked={asked}>
                {(page) => (
                    <>
                        {page.results.some((model) => model.price === null && model.is_active) && <Notice tone="warning">{say("noPriceNote")}</Notice>}
                        <Table<Model>
                            label={say("title")}
                            rows={page.results}
                            id={(model) => model.id}
                            to={(model) => `/models/${model.id}`}
                            isDim={(model) => !model.is_active}
                            ordering={choices.ordering}
                            onOrder={(ordering) => choose({ ordering })}
                            empty={
                                isFiltered
                                    ? <Empty title={kit("noMatch")} action={<Button onClick={reset}>{kit("clearFilters")}</Button>} />
                                    : <Empty title={say("empty")} action={<div className="row">{add}<Link className="button" to="/providers">{say("toProviders")}</Link></div>}>{say("emptyNote")}</Empty>
                            }
                            columns={[
                                { name: "name", title: say("name"), isSorted: true, show: (model) => model.name },
                                { name: "provider", title: say("provider"), isMinor: true, show: (model) => model.provider_name ?? <Badge tone="warning">{say("noProvider")}</Badge> },
                                { name: "state", title: say("state"), show: (model) => (model.is_active && model.price === null ? <Badge tone="warning">{say("noPrice")}</Badge> : <Badge tone={model.is_active ? "good" : "neutral"}>{say(model.is_active ? "active" : "inactive")}</Badge>) },
                                { name: "input", title: say("input"), isNumber: true, show: (model) => list(model, "input_price_per_1k") },
                                { name: "output", title: say("output"), isNumber: true, show: (model) => list(model, "output_price_per_1k") },
                                {
                                    name: "cost", title: say("cost"), isNumber: true, isMinor: true, show: (model) => {
                                        const cost = costs(model);
                                        return cost === null ? "–" : <>{money(rate(cost, "input_price_per_1k"))} / {money(rate(cost, "output_price_per_1k"))}</>;
                                    },
                                },
                                {
                                    name: "margin", title: say("margin"), isNumber: true, isMinor: true, show: (model) => {
                                        const cost = costs(model);
                                        const part = cost === null ? null : margin(rate(model, "output_price_per_1k"), rate(cost, "output_price_per_1k"));
                                        return part === null ? "–" : <span className={part < 0 ? "bad-text" : undefined}>{format.percent(part)}</span>;
                                    },
                                },
                                { name: "context_length", title: say("context"), isNumber: true, isSorted: true, isMinor: true, show: (model) => <span title={format.count(model.context_length)}>{format.short(model.context_length)}</span> },
                            ]}
                        />
                        {page.count > 0 && <Pages page={Number(choices.page)} size={size} count={page.count} onPage={(page) => choose({ page: String(page) })} />}
                    </>
                )}
            </Loaded>
            {isAdding && <ModelForm onClose={() => setAdding(false)} onDone={(model) => go(`/models/${model.id}`)} />}
        </Screen>
    );
}
