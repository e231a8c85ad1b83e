import { useLocation } from "../shared/router";
import { MonthList } from "./MonthList";
import { isMonth } from "./months";
import { StatementScreen } from "./StatementScreen";

export default function Bills() {
    const { path } = useLocation();
    const month = path.slice("/bills/".length);
    return isMonth(month) ? <StatementScreen month={month} /> : <MonthList />;
}
