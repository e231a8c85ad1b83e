import { announce } from "../shared/announcements";
import { send } from "../shared/api";
import { Button } from "../shared/Parts";
import { useSession } from "../shared/session";
import { useAction } from "../shared/useAPI";
import { User } from "./user";
import { useUsersWords } from "./words";

/** Whether somebody may change an account: super administrators alone change their like, nobody turns off their own. */
export function useMayChange(): (user: User) => boolean {
    const session = useSession();
    return (user) => session.isAdministrator && (user.role !== "super_admin" || session.covers("super_admin"));
}

/** Turns an account off or on again. */
export function Standing({ of: user, onDone, isSmall }: { of: User; onDone: () => void; isSmall?: boolean }) {
    const say = useUsersWords();
    const session = useSession();
    const mayChange = useMayChange();
    const set = async (isActive: boolean) => {
        await send("PATCH", `/api/admin/users/${user.id}/`, { body: { is_active: isActive } });
        onDone();
    };
    const action = useAction(async () => {
        const isActive = !user.is_active;
        await set(isActive);
        const name = user.name || user.email;
        announce(say(isActive ? "activated" : "deactivated", { name }), () => void set(!isActive).catch((error: Error) => announce(error.message)));
    });
    if (!mayChange(user) || user.id === session.account.id) return null;
    return (
        <>
            <Button isSmall={isSmall} isBusy={action.isRunning} onClick={() => void action.run()}>{user.is_active ? say("deactivate") : say("activate")}</Button>
            {action.error !== null && <p className="field-error" role="alert">{action.error.message}</p>}
        </>
    );
}
