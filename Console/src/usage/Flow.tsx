import { path } from "../shared/api";
import { useFormat } from "../shared/format";
import { approximately } from "../shared/money";
import { Card, Empty, Loaded } from "../shared/Parts";
import { parameters } from "../shared/period";
import { FlowNode, Sankey } from "../shared/plots/Sankey";
import { go, Link } from "../shared/router";
import { useSession } from "../shared/session";
import { useAPI } from "../shared/useAPI";
import { kept } from "./OverTime";
import { calls, Choices, shown } from "./question";
import { useUsageWords } from "./words";

type Kind = "user" | "key" | "model" | "provider";

interface End {
    kind: Kind;
    /** Null: all others of the kind. */
    id: number | null;
}

/** As `/stats/flow` tells it. */
interface FlowAnswer {
    from: string;
    to: string;
    nodes: (End & { name: string; spend: string; requests: number })[];
    links: { from: End; to: End; spend: string; requests: number }[];
}

const idOf = (end: End) => `${end.kind} ${end.id ?? "others"}`;

/** From people over their keys to models and providers. */
export function Flow({ choices }: { choices: Choices }) {
    const { isStaff } = useSession();
    const { step: _, ...over } = parameters(choices);
    const asked = useAPI<FlowAnswer>(path(isStaff ? "/api/admin/stats/flow/" : "/api/me/stats/flow/", over));
    return <Loaded asked={asked}>{(answer) => <Streams answer={answer} choices={choices} />}</Loaded>;
}

function Streams({ answer, choices }: { answer: FlowAnswer; choices: Choices }) {
    const say = useUsageWords();
    const format = useFormat();
    const { isStaff } = useSession();
    const measure = choices.measure === "requests" ? "requests" : "spend";
    const kinds: Kind[] = isStaff ? ["user", "key", "model", "provider"] : ["key", "model"];
    if (answer.links.length === 0) return <Empty title={say("noCalls")}>{say("noCallsNote")}</Empty>;
    const value = (item: { spend: string; requests: number }) => (measure === "requests" ? item.requests : approximately(item.spend));
    const title = (node: End & { name: string }) => (node.id === null ? say("rest") : node.name || `#${node.id}`);
    const nodes: FlowNode[] = answer.nodes.map((node) => ({ id: idOf(node), title: title(node), column: kinds.indexOf(node.kind), className: node.id === null ? "series-others" : undefined }));
    /** Where one of them is looked at alone. */
    const to = (node: End): string | null => {
        if (node.id === null) return null;
        if (isStaff) return path("/usage", { ...kept(choices), by: "", model: "", provider: "", user: "", key: "", group: "", [node.kind]: node.id });
        return node.kind === "key" || node.kind === "model" ? calls({ from: answer.from, to: answer.to }, { dimension: node.kind, id: node.id }) : null;
    };
    const choose = (chosen: FlowNode) => {
        const node = answer.nodes.find((node) => idOf(node) === chosen.id);
        const address = node === undefined ? null : to(node);
        if (address !== null) go(address);
    };
    return (
        <Card title={say("flowTitle")} note={isStaff ? say("flowNote") : say("flowOwnNote")}>
            <Sankey
                label={say("flowLabel")}
                name={`flow-${measure}`}
                nodes={nodes}
                links={answer.links.map((link) => ({
                    from: idOf(link.from),
                    to: idOf(link.to),
                    value: value(link),
                    text: measure === "requests" ? format.count(link.requests) : format.exactMoney(link.spend),
                }))}
                columnTitles={kinds.map((kind) => say(kind))}
                fromTitle={say("from")}
                toTitle={say("to")}
                valueTitle={say(measure)}
                onChoose={choose}
            />
            <div className="flow-nodes">
                {kinds.map((kind) => (
                    <section key={kind}>
                        <h3>{say(kind)}</h3>
                        <ul>
                            {answer.nodes.filter((node) => node.kind === kind).map((node) => {
                                const address = to(node);
                                return (
                                    <li key={idOf(node)}>
                                        {address === null ? <span>{title(node)}</span> : <Link to={address}>{title(node)}</Link>}
                                        <span className="number muted">{shown(value(node), measure, format)}</span>
                                    </li>
                                );
                            })}
                        </ul>
                    </section>
                ))}
            </div>
        </Card>
    );
}
