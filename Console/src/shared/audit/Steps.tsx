import { Icon } from "../Icon";

type Outcome = "checked" | "failed" | "skipped";

/** What was checked, each with how it went: as a sign, and in a word for those who do not see it. */
export function Steps({ steps, names }: { steps: { outcome: Outcome; text: string }[]; names: Record<Outcome, string> }) {
    return (
        <ol className="steps">
            {steps.map((step, index) => (
                <li key={index} className={step.outcome} data-outcome={step.outcome}>
                    <Icon name={step.outcome === "checked" ? "check" : step.outcome === "failed" ? "close" : "info"} />
                    <span><strong>{names[step.outcome]}.</strong> {step.text}</span>
                </li>
            ))}
        </ol>
    );
}
