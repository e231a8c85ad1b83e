import { Component, ReactNode, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import icon from "./icon.svg";
import { pageAt, PageEntry, pages } from "./pages";
import { SignIn } from "./sessions/SignIn";
import { useShellWords } from "./shellWords";
import { Announcements } from "./shared/announcements";
import { APIError, get, mayBeSignedIn, send, whenSignedOut } from "./shared/api";
import { Choice } from "./shared/Form";
import { Icon } from "./shared/Icon";
import { Button, Notice, Screen, Skeleton } from "./shared/Parts";
import { prefer, usePreferences } from "./shared/preferences";
import { Link, useLocation } from "./shared/router";
import { Account, Session, SessionContext, useSession } from "./shared/session";

/** The console: a door for whoever is not signed in, the shell with its pages for everybody else. */
export function App() {
    // Undefined: not known yet; null: nobody.
    const [account, setAccount] = useState<Account | null | undefined>(undefined);
    const [error, setError] = useState<APIError | null>(null);
    const say = useShellWords();
    const load = useCallback(() => {
        setError(null);
        get<Account>("/api/auth/me/").then(
            ({ value }) => setAccount(value),
            (error) => (error instanceof APIError && (error.status === 401 || error.status === 403) ? setAccount(null) : setError(error)),
        );
    }, []);
    useEffect(() => {
        whenSignedOut(() => setAccount(null));
        // Who has no cookie of ours is not asked for.
        if (mayBeSignedIn()) load();
        else setAccount(null);
    }, []);
    const session = useMemo(() => {
        if (!account) return null;
        const signOut = () => void send("POST", "/api/auth/logout/").finally(() => setAccount(null));
        return new Session(account, signOut, load);
    }, [account]);
    if (error !== null) {
        return <div className="door"><Notice tone="bad" actions={<Button onClick={load}>{say("reload")}</Button>}>{error.message}</Notice></div>;
    }
    if (account === undefined) return <div className="door"><Skeleton /></div>;
    if (session === null) return <SignIn onSignedIn={setAccount} />;
    return (
        <SessionContext.Provider value={session}>
            <Shell />
        </SessionContext.Provider>
    );
}

function Shell() {
    const say = useShellWords();
    const session = useSession();
    const { path } = useLocation();
    const [isOpen, setOpen] = useState(false);
    const main = useRef<HTMLElement>(null);
    const page = pageAt(path);
    const isFirst = useRef(true);
    useEffect(() => {
        setOpen(false);
        // Where a page is opened, what is read aloud begins there.
        if (!isFirst.current) main.current?.querySelector<HTMLElement>("h1")?.focus();
        isFirst.current = false;
    }, [page?.path]);
    return (
        <div className="shell">
            <a className="skip" href="#content">{say("skip")}</a>
            <div className="top">
                <Brand />
                <Button icon="menu" label={say("menu")} kind="quiet" onClick={() => setOpen(true)} />
            </div>
            {isOpen && <button type="button" className="veil" aria-label={say("menu")} onClick={() => setOpen(false)} />}
            <div className={isOpen ? "side open" : "side"} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
                <Brand />
                <Navigation current={page} />
                <SideFoot />
            </div>
            <main id="content" ref={main} tabIndex={-1}>
                <Boundary key={path}>
                    <Suspense fallback={<Skeleton />}>
                        {page === undefined ? (
                            <Screen title={say("nowhere")}><Link to="/">{say("home")}</Link></Screen>
                        ) : session.covers(page.least) ? (
                            <page.view />
                        ) : (
                            <Screen title={say("forbidden")}><Link to="/">{say("home")}</Link></Screen>
                        )}
                    </Suspense>
                </Boundary>
            </main>
            <Announcements />
        </div>
    );
}

function Brand() {
    return <Link to="/" className="brand"><img src={icon} alt="" />TokenAudit</Link>;
}

function Navigation({ current }: { current: PageEntry | undefined }) {
    const say = useShellWords();
    const session = useSession();
    const title = (page: PageEntry) => (page.name === "settings" && !session.isStaff ? say("ownSettings") : say(page.name));
    return (
        <nav aria-label={say("navigation")}>
            {(["watch", "manage", "prove", "use"] as const).map((section) => (
                <div key={section}>
                    <h2>{say(section)}</h2>
                    {pages.filter((page) => page.section === section && session.covers(page.least)).map((page) => (
                        <Link key={page.path} to={page.path} isCurrent={page === current}>
                            <Icon name={page.icon} />
                            {title(page)}
                        </Link>
                    ))}
                </div>
            ))}
        </nav>
    );
}

function SideFoot() {
    const say = useShellWords();
    const session = useSession();
    return (
        <div className="side-foot">
            <Appearance />
            <div className="account">
                <strong>{session.account.email}</strong>
                <div className="muted">{say(session.account.role)}</div>
            </div>
            <Button icon="out" kind="quiet" onClick={session.signOut}>{say("signOut")}</Button>
        </div>
    );
}

/** Language and theme, also for whoever is not signed in. */
export function Appearance() {
    const say = useShellWords();
    const { language, theme } = usePreferences();
    return (
        <div className="row">
            <Choice
                label={say("language")}
                value={language}
                options={[{ value: "en", title: "English" }, { value: "zh-CN", title: "中文" }]}
                onChoose={(language) => prefer({ language })}
            />
            <Choice
                label={say("theme")}
                value={theme}
                options={[{ value: "system", title: say("system") }, { value: "light", title: say("light") }, { value: "dark", title: say("dark") }]}
                onChoose={(theme) => prefer({ theme })}
            />
        </div>
    );
}

/** A page that fails leaves the others be. */
class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
    state = { error: null };

    static getDerivedStateFromError(error: Error) {
        return { error };
    }

    render() {
        return this.state.error === null ? this.props.children : <Broken error={this.state.error} />;
    }
}

function Broken({ error }: { error: Error }) {
    const say = useShellWords();
    return (
        <Notice tone="bad" title={say("broken")} actions={<Button onClick={() => location.reload()}>{say("reload")}</Button>}>
            {say("brokenNote")} <code>{error.message}</code>
        </Notice>
    );
}
