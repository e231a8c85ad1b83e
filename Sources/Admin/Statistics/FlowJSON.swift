import Domain

/// A flow as JSON: nodes and links, each with what was spent and how many requests it were.
struct FlowJSON: Encodable {
    struct Node: Encodable {
        let kind: String
        @OrNull var id: Int64?
        let name: String
        let spend: String
        let requests: Int64
    }

    struct End: Encodable {
        let kind: String
        @OrNull var id: Int64?

        init(_ node: UsageFlow.Node) {
            kind = "\(node.kind)"
            id = node.id
        }
    }

    struct Link: Encodable {
        let from: End
        let to: End
        let spend: String
        let requests: Int64
    }

    let from: String
    let to: String
    let timeZone: String
    let nodes: [Node]
    let links: [Link]

    enum CodingKeys: String, CodingKey {
        case from, to, nodes, links
        case timeZone = "time_zone"
    }

    /// - Parameter kinds: of which there can be nodes.
    static func shape(_ title: String, _ kinds: [UsageFlow.Kind]) -> Shape {
        let kind = Shape.choice(kinds.map { "\($0)" })
        let id = Shape.id.nullable().noted("Null: all others of the kind.")
        let end = Shape.object("FlowEnd", ["kind": kind, "id": id])
        return .object(
            title,
            [
                "from": .instant.noted(
                    "Later than was asked for where keys and models were not counted together before; then `to` at most."
                ),
                "to": .instant, "time_zone": .text,
                "nodes": .list(
                    .object(
                        "FlowNode",
                        ["kind": kind, "id": id, "name": .text, "spend": .money, "requests": .integer]
                    )
                ),
                "links": .list(
                    .object("FlowLink", ["from": end, "to": end, "spend": .money, "requests": .integer])
                ),
            ]
        )
    }

    /// Nodes by kind, and of each kind those first that most was spent on; links by where they begin.
    init(_ answer: FlowAnswer, zone: Zone) {
        from = answer.range.lowerBound.description
        to = answer.range.upperBound.description
        timeZone = zone.name
        nodes = answer.flow.nodes.sorted { Self.rank($0.key, $0.value) < Self.rank($1.key, $1.value) }
            .map { node, amount in
                Node(
                    kind: "\(node.kind)",
                    id: node.id,
                    name: answer.names[node] ?? "",
                    spend: Money.text(amount.spend),
                    requests: Int64(clamping: amount.requests)
                )
            }
        links = answer.flow.links
            .sorted { Self.rank($0.key.from, $0.value, $0.key.to) < Self.rank($1.key.from, $1.value, $1.key.to) }
            .map { link, amount in
                Link(
                    from: End(link.from),
                    to: End(link.to),
                    spend: Money.text(amount.spend),
                    requests: Int64(clamping: amount.requests)
                )
            }
    }

    private static func rank(
        _ node: UsageFlow.Node,
        _ amount: UsageFlow.Amount,
        _ other: UsageFlow.Node? = nil
    ) -> (Int, Int, Int128, Int64, Int64) {
        (node.kind.rawValue, node.id == nil ? 1 : 0, -amount.spend, node.id ?? 0, other?.id ?? 0)
    }
}
