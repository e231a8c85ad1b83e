import { ReactNode, useEffect, useId, useRef, useState } from "react";
import type { APIError } from "./api";
import { Icon, IconName } from "./Icon";
import { useKitWords } from "./kitWords";
import type { Asked } from "./useAPI";

/** A page's heading, what can be done there, and its content; also the document's title. */
export function Screen(props: { title: string; note?: ReactNode; actions?: ReactNode; children: ReactNode }) {
    useEffect(() => {
        document.title = `${props.title} · TokenAudit`;
    }, [props.title]);
    return (
        <div className="screen">
            <header className="screen-head">
                <div>
                    <h1 tabIndex={-1}>{props.title}</h1>
                    {props.note !== undefined && <p className="note">{props.note}</p>}
                </div>
                {props.actions !== undefined && <div className="actions">{props.actions}</div>}
            </header>
            {props.children}
        </div>
    );
}

/** A surface with a heading of its own. */
export function Card(props: { title?: string; note?: ReactNode; actions?: ReactNode; className?: string; children: ReactNode }) {
    return (
        <section className={`card ${props.className ?? ""}`}>
            {(props.title !== undefined || props.actions !== undefined) && (
                <div className="card-head">
                    {props.title !== undefined && <h2>{props.title}</h2>}
                    {props.actions !== undefined && <div className="actions">{props.actions}</div>}
                </div>
            )}
            {props.note !== undefined && <p className="note">{props.note}</p>}
            {props.children}
        </section>
    );
}

export function Button(props: {
    children?: ReactNode;
    icon?: IconName;
    /** Of a button that shows an icon alone. */
    label?: string;
    kind?: "primary" | "danger" | "plain" | "quiet";
    type?: "button" | "submit";
    isBusy?: boolean;
    isDisabled?: boolean;
    isPressed?: boolean;
    isSmall?: boolean;
    onClick?: () => void;
}) {
    return (
        <button
            type={props.type ?? "button"}
            className={`button ${props.kind ?? "plain"}${props.isSmall ? " small" : ""}`}
            disabled={props.isDisabled || props.isBusy}
            aria-busy={props.isBusy || undefined}
            aria-label={props.label}
            aria-pressed={props.isPressed}
            title={props.label}
            onClick={props.onClick}
        >
            {props.icon !== undefined && <Icon name={props.icon} />}
            {props.children !== undefined && <span>{props.children}</span>}
        </button>
    );
}

export type Tone = "good" | "warning" | "bad" | "neutral" | "info";

/** A state in a word; its tone is never the only sign of it. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
    return <span className={`badge ${tone}`}>{children}</span>;
}

/** Something the person should know, in the page. */
export function Notice(props: { tone: Tone; title?: string; children?: ReactNode; actions?: ReactNode }) {
    return (
        <div className={`notice ${props.tone}`} role={props.tone === "bad" ? "alert" : "status"}>
            <Icon name={props.tone === "good" ? "check" : props.tone === "bad" || props.tone === "warning" ? "warning" : "info"} />
            <div>
                {props.title !== undefined && <strong>{props.title}</strong>}
                {props.children !== undefined && <div>{props.children}</div>}
            </div>
            {props.actions !== undefined && <div className="actions">{props.actions}</div>}
        </div>
    );
}

/** What went wrong with an action, in the server's own words. */
export function Refusal({ error }: { error: APIError | null }) {
    const say = useKitWords();
    if (error === null) return null;
    return <Notice tone="bad">{error.status === 412 ? say("changedMeanwhile") : error.message}</Notice>;
}

/** Waits, fails and shows: whatever a view asked for. What was there stays while it is asked again. */
export function Loaded<Value>(props: { asked: Asked<Value>; children: (value: Value) => ReactNode; isEmpty?: (value: Value) => boolean; empty?: ReactNode }) {
    const say = useKitWords();
    const { value, error, isLoading, reload } = props.asked;
    if (value === null && error !== null) {
        return (
            <Notice tone="bad" actions={<Button onClick={reload}>{say("retry")}</Button>}>
                {error.message}
            </Notice>
        );
    }
    if (value === null) return <Skeleton />;
    return (
        <div className="loaded" aria-busy={isLoading || undefined}>
            {error !== null && (
                <Notice tone="warning" actions={<Button onClick={reload}>{say("retry")}</Button>}>
                    {error.message}
                </Notice>
            )}
            {props.isEmpty?.(value) ? props.empty ?? <Empty /> : props.children(value)}
        </div>
    );
}

export function Skeleton() {
    const say = useKitWords();
    return (
        <div className="skeleton" role="status">
            <span className="unseen">{say("loading")}</span>
            <div /> <div /> <div />
        </div>
    );
}

export function Empty({ title, children, action }: { title?: string; children?: ReactNode; action?: ReactNode }) {
    const say = useKitWords();
    return (
        <div className="empty">
            <p>{title ?? say("empty")}</p>
            {children !== undefined && <p className="note">{children}</p>}
            {action}
        </div>
    );
}

/** Over the page; the page behind it waits. Escape and the cross close it. */
export function Dialog(props: { title: string; isWide?: boolean; onClose: () => void; children: ReactNode }) {
    const say = useKitWords();
    const ref = useRef<HTMLDialogElement>(null);
    const heading = useId();
    useEffect(() => {
        const dialog = ref.current;
        if (dialog === null) return;
        if (!dialog.open) dialog.showModal();
        return () => dialog.close();
    }, []);
    return (
        <dialog
            ref={ref}
            className={props.isWide ? "wide" : undefined}
            aria-labelledby={heading}
            onCancel={(event) => {
                event.preventDefault();
                props.onClose();
            }}
        >
            <div className="dialog-head">
                <h2 id={heading}>{props.title}</h2>
                <Button icon="close" kind="quiet" label={say("close")} onClick={props.onClose} />
            </div>
            {props.children}
        </dialog>
    );
}

/** Asks before something is done that cannot be undone. With `typed`, that has to be written first. */
export function Confirm(props: {
    title: string;
    children: ReactNode;
    action: string;
    typed?: string;
    isBusy?: boolean;
    error?: APIError | null;
    onConfirm: () => void;
    onClose: () => void;
}) {
    const say = useKitWords();
    const [text, setText] = useState("");
    const field = useId();
    return (
        <Dialog title={props.title} onClose={props.onClose}>
            <form
                onSubmit={(event) => {
                    event.preventDefault();
                    props.onConfirm();
                }}
            >
                <div className="dialog-body">
                    {props.children}
                    {props.typed !== undefined && (
                        <div className="field">
                            <label htmlFor={field}>{say("confirmByTyping", { text: props.typed })}</label>
                            <input id={field} value={text} autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} />
                        </div>
                    )}
                    <Refusal error={props.error ?? null} />
                </div>
                <div className="dialog-foot">
                    <Button onClick={props.onClose}>{say("cancel")}</Button>
                    <Button type="submit" kind="danger" isBusy={props.isBusy} isDisabled={props.typed !== undefined && text !== props.typed}>
                        {props.action}
                    </Button>
                </div>
            </form>
        </Dialog>
    );
}

export function CopyButton({ text, label, isSmall }: { text: string; label?: string; isSmall?: boolean }) {
    const say = useKitWords();
    const [isCopied, setCopied] = useState(false);
    useEffect(() => {
        if (!isCopied) return;
        const timer = setTimeout(() => setCopied(false), 2_000);
        return () => clearTimeout(timer);
    }, [isCopied]);
    const copy = async () => {
        try {
            await navigator.clipboard.writeText(text);
        } catch {
            // Beyond https and this host browsers keep the clipboard from pages; an old way is left.
            const area = document.createElement("textarea");
            area.value = text;
            document.body.append(area);
            area.select();
            document.execCommand("copy");
            area.remove();
        }
        setCopied(true);
    };
    return (
        <>
            <Button icon={isCopied ? "check" : "copy"} isSmall={isSmall} onClick={() => void copy()}>
                {isCopied ? say("copied") : label ?? say("copy")}
            </Button>
            <span className="unseen" aria-live="polite">{isCopied ? say("copied") : ""}</span>
        </>
    );
}

/** A secret that nobody sees again. */
export function SecretOnce({ secret, children }: { secret: string; children?: ReactNode }) {
    const say = useKitWords();
    return (
        <div className="secret">
            <Notice tone="warning">{say("secretOnce")}</Notice>
            <div className="secret-line">
                <code data-secret>{secret}</code>
                <CopyButton text={secret} />
            </div>
            {children}
        </div>
    );
}

/** Code to be taken elsewhere. */
export function Snippet({ code, label }: { code: string; label: string }) {
    return (
        <div className="snippet">
            <pre tabIndex={0} aria-label={label}><code>{code}</code></pre>
            <CopyButton text={code} isSmall />
        </div>
    );
}

/** One of several views of the same thing; arrows move, as WAI-ARIA has it for tabs. */
export function Tabs<Name extends string>(props: { label: string; tabs: { name: Name; title: string }[]; chosen: Name; onChoose: (name: Name) => void }) {
    const index = props.tabs.findIndex((tab) => tab.name === props.chosen);
    const move = (by: number, list: HTMLElement) => {
        const next = (index + by + props.tabs.length) % props.tabs.length;
        const tab = props.tabs[next];
        if (tab === undefined) return;
        props.onChoose(tab.name);
        (list.children[next] as HTMLElement | undefined)?.focus();
    };
    return (
        <div
            role="tablist"
            className="tabs"
            aria-label={props.label}
            onKeyDown={(event) => {
                if (event.key === "ArrowRight") move(1, event.currentTarget);
                if (event.key === "ArrowLeft") move(-1, event.currentTarget);
            }}
        >
            {props.tabs.map((tab) => (
                <button
                    key={tab.name}
                    type="button"
                    role="tab"
                    aria-selected={tab.name === props.chosen}
                    tabIndex={tab.name === props.chosen ? 0 : -1}
                    onClick={() => props.onChoose(tab.name)}
                >
                    {tab.title}
                </button>
            ))}
        </div>
    );
}

/** Names and values of one thing. */
export function Facts({ rows }: { rows: [name: string, value: ReactNode][] }) {
    return (
        <dl className="facts">
            {rows.map(([name, value]) => (
                <div key={name}>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            ))}
        </dl>
    );
}

/** A figure with its change against the time before. */
export function Tile(props: { title: string; value: string; exact?: string; change?: ReactNode; children?: ReactNode }) {
    return (
        <div className="tile">
            <div className="tile-title">{props.title}</div>
            <div className="tile-value" title={props.exact}>{props.value}</div>
            {props.change !== undefined && <div className="tile-change">{props.change}</div>}
            {props.children}
        </div>
    );
}
