import { createContext, useContext } from "react";

export type Role = "super_admin" | "admin" | "auditor" | "user";

/** Who is signed in, as `/api/auth/me` tells it. */
export interface Account {
    id: number;
    email: string;
    name: string;
    role: Role;
    is_active: boolean;
}

const ranks: Record<Role, number> = { user: 0, auditor: 1, admin: 2, super_admin: 3 };

export class Session {
    constructor(readonly account: Account, readonly signOut: () => void, readonly reload: () => void) {}

    covers(role: Role): boolean {
        return ranks[this.account.role] >= ranks[role];
    }

    /** Sees everything. */
    get isStaff(): boolean {
        return this.covers("auditor");
    }

    /** Changes things. What may not be changed is not offered; the server refuses it all the same. */
    get isAdministrator(): boolean {
        return this.covers("admin");
    }
}

export const SessionContext = createContext<Session | null>(null);

/** Inside the shell somebody is signed in. */
export function useSession(): Session {
    const session = useContext(SessionContext);
    if (session === null) throw new Error("nobody is signed in");
    return session;
}
