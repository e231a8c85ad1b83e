package import Domain
import NIOCore

extension Gateway: MetricsSource {
    /// What all loops have counted; each is asked on itself, between two of its calls.
    package func metrics() async -> [MetricFamily] {
        var all = CallMetrics()
        for loop in allLoops {
            if let one = try? await loop.eventLoop.submit({ loop.metrics }).get() { all.add(one) }
        }
        return [
            .gauge(
                "tokenaudit_active_requests",
                "Calls between their admission and the end of their booking.",
                MetricNumber(runningCalls)
            )
        ] + all.families
    }
}

extension CallMetrics {
    /// As they are published; everything that has a closed set of labels is there from the beginning, at zero.
    var families: [MetricFamily] {
        calls + bills + refused + [
            .histogram("tokenaudit_request_duration_seconds", "Calls from their head to their end.", duration),
            .histogram(
                "tokenaudit_upstream_duration_seconds",
                "From a request sent to a provider to the end of its answer.",
                upstreamDuration
            ),
            .histogram(
                "tokenaudit_time_to_first_token_seconds",
                "Of streams, from the call's head to the first output passed on.",
                firstToken
            ),
            .histogram(
                "tokenaudit_overhead_seconds",
                "What the gateway itself adds to a call: from its body to its hold, and from the answer's end to its bill.",
                overhead
            ),
        ] + genAI
    }

    /// Routes by the names that labels have; one model may reach one provider in several ways.
    private var named: [(provider: String, model: String, counts: RouteCounts)] {
        var sums: [[String]: RouteCounts] = [:]
        for counts in routes.values {
            sums[[counts.provider, counts.model], default: RouteCounts(provider: counts.provider, model: counts.model)]
                .add(counts)
        }
        return sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.key[0], $0.key[1], $0.value) }
    }

    private var calls: [MetricFamily] {
        var requests = MetricFamily.counter(
            "tokenaudit_requests",
            "Calls that ended, by what their clients were answered."
        )
        var attempts = MetricFamily.counter(
            "tokenaudit_upstream_attempts",
            "Admitted calls by how their provider's part ended."
        )
        var providers: [String: RouteCounts] = [:]
        for (provider, model, counts) in [("", "", unresolved)] + named {
            for endpoint in Endpoint.allCases {
                for status in RouteCounts.StatusClass.allCases {
                    let count = counts.requests(endpoint, status)
                    guard count > 0 else { continue }
                    requests.add(
                        [
                            .init("endpoint", endpoint.name), .init("provider", provider), .init("model", model),
                            .init("status", status.name),
                        ],
                        MetricNumber(count)
                    )
                }
            }
            if !provider.isEmpty {
                providers[provider, default: RouteCounts(provider: provider, model: "")].add(counts)
            }
        }
        for (provider, counts) in providers.sorted(by: { $0.key < $1.key }) {
            for outcome in UpstreamOutcome.allCases {
                attempts.add(
                    [.init("provider", provider), .init("outcome", outcome.name)],
                    MetricNumber(counts.attempts(outcome))
                )
            }
        }
        return [requests, attempts]
    }

    private var bills: [MetricFamily] {
        var counted = MetricFamily.counter("tokenaudit_tokens", "Tokens billed, by class; classes are disjoint.")
        for tokenClass in TokenClass.allCases {
            counted.add([.init("type", tokenClass.name)], MetricNumber(tokens[tokenClass.rawValue]))
        }
        return [
            counted,
            .counter("tokenaudit_charge_usd", "What customers were charged, in US dollars.", .dollars(picos: charge)),
            .counter(
                "tokenaudit_cost_usd",
                "What providers take for it, in US dollars; estimated where they may charge for no answer.",
                .dollars(picos: cost)
            ),
            .counter(
                "tokenaudit_provider_loss_usd",
                "What providers reported beyond the holds of calls, in US dollars: charged to nobody.",
                .dollars(picos: loss)
            ),
            .counter(
                "tokenaudit_lost_settlements",
                "Calls that ended while neither database nor spool took their bill.",
                MetricNumber(lostSettlements)
            ),
        ]
    }

    private var refused: [MetricFamily] {
        var all = MetricFamily.counter("tokenaudit_refusals", "Calls refused before a provider was asked.")
        for reason in RefusalReason.allCases {
            all.add([.init("reason", reason.rawValue)], MetricNumber(refusals[reason] ?? 0))
        }
        var budgets = MetricFamily.counter("tokenaudit_budget_refusals", "Those of them that no money was left for.")
        for reason in RefusalReason.budgets {
            budgets.add([.init("reason", reason.rawValue)], MetricNumber(refusals[reason] ?? 0))
        }
        var rates = MetricFamily.counter("tokenaudit_rate_limit_refusals", "Those of them that came too fast.")
        for subject in RateRefusalKind.Subject.allCases {
            for measure in RateLimit.Measure.allCases {
                let count = rateRefusals[RateRefusalKind(subject, measure)] ?? 0
                rates.add(
                    [.init("subject", subject.rawValue), .init("measure", measure.rawValue)],
                    MetricNumber(count)
                )
            }
        }
        return [all, budgets, rates]
    }

    /// By the names that OpenTelemetry's metrics have at Prometheus.
    private var genAI: [MetricFamily] {
        var usage = MetricFamily.histogram("gen_ai_client_token_usage", "Billed tokens of a call.")
        var duration = MetricFamily.histogram(
            "gen_ai_server_request_duration_seconds",
            "Calls that a provider was asked for."
        )
        var first = MetricFamily.histogram("gen_ai_server_time_to_first_token_seconds", "Of streams.")
        for endpoint in Endpoint.allCases {
            let operation = operations[endpoint.index]
            let label = MetricFamily.Label("gen_ai_operation_name", endpoint.operationName)
            usage = usage.with([label, .init("gen_ai_token_type", "input")], operation.inputTokens)
            usage = usage.with([label, .init("gen_ai_token_type", "output")], operation.outputTokens)
            duration = duration.with([label], operation.duration)
            first = first.with([label], operation.firstToken)
        }
        return [usage, duration, first]
    }
}
