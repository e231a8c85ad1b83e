import { useLocation } from "../shared/router";
import { CallList } from "./CallList";
import { CallScreen } from "./CallScreen";

export default function Requests() {
    const { path } = useLocation();
    const id = path.slice("/requests/".length);
    return id === "" ? <CallList /> : <CallScreen key={id} id={id} />;
}
