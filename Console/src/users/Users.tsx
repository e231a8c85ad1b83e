import { useLocation } from "../shared/router";
import { UserDetail } from "./UserDetail";
import { UserList } from "./UserList";

/** `/users`: the list; `/users/4`: one of them. */
export default function Users() {
    const id = /^\/users\/(\d+)$/.exec(useLocation().path)?.[1];
    return id === undefined ? <UserList /> : <UserDetail id={id} />;
}
