import { ComponentType, lazy } from "react";
import type { IconName } from "./shared/Icon";
import type { Role } from "./shared/session";

/** A page: its address, who sees it, and the code that comes when it is opened. */
export interface PageEntry {
    /** `/requests` is also `/requests/…`; the page reads the rest of the address itself. */
    path: string;
    name: PageName;
    icon: IconName;
    least: Role;
    section: "watch" | "manage" | "prove" | "use";
    view: ComponentType;
}

export type PageName =
    | "overview" | "usage" | "requests" | "keys" | "users" | "providers" | "models" | "groups" | "quotas" | "ledger"
    | "alerts" | "playground" | "connect" | "bills" | "reference" | "settings" | "start";

export const pages: PageEntry[] = [
    { path: "/", name: "overview", icon: "overview", least: "user", section: "watch", view: lazy(() => import("./overview/Overview")) },
    { path: "/usage", name: "usage", icon: "usage", least: "user", section: "watch", view: lazy(() => import("./usage/Usage")) },
    { path: "/requests", name: "requests", icon: "requests", least: "user", section: "watch", view: lazy(() => import("./requests/Requests")) },
    { path: "/alerts", name: "alerts", icon: "alerts", least: "user", section: "watch", view: lazy(() => import("./alerts/Alerts")) },
    { path: "/keys", name: "keys", icon: "keys", least: "user", section: "manage", view: lazy(() => import("./keys/Keys")) },
    { path: "/users", name: "users", icon: "users", least: "auditor", section: "manage", view: lazy(() => import("./users/Users")) },
    { path: "/quotas", name: "quotas", icon: "quotas", least: "user", section: "manage", view: lazy(() => import("./quotas/Quotas")) },
    { path: "/groups", name: "groups", icon: "groups", least: "auditor", section: "manage", view: lazy(() => import("./groups/Groups")) },
    { path: "/models", name: "models", icon: "models", least: "auditor", section: "manage", view: lazy(() => import("./models/Models")) },
    { path: "/providers", name: "providers", icon: "providers", least: "auditor", section: "manage", view: lazy(() => import("./providers/Providers")) },
    { path: "/bills", name: "bills", icon: "bills", least: "user", section: "prove", view: lazy(() => import("./bills/Bills")) },
    { path: "/ledger", name: "ledger", icon: "ledger", least: "auditor", section: "prove", view: lazy(() => import("./ledger/Ledger")) },
    { path: "/playground", name: "playground", icon: "playground", least: "user", section: "use", view: lazy(() => import("./playground/Playground")) },
    { path: "/connect", name: "connect", icon: "connect", least: "user", section: "use", view: lazy(() => import("./connect/Connect")) },
    { path: "/reference", name: "reference", icon: "reference", least: "user", section: "use", view: lazy(() => import("./reference/Reference")) },
    { path: "/start", name: "start", icon: "check", least: "admin", section: "use", view: lazy(() => import("./start/Start")) },
    { path: "/settings", name: "settings", icon: "settings", least: "user", section: "use", view: lazy(() => import("./settings/Settings")) },
];

export function pageAt(path: string): PageEntry | undefined {
    return pages.find((page) => page.path === path || (page.path !== "/" && path.startsWith(`${page.path}/`)));
}
