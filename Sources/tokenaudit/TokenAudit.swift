@main
struct TokenAudit {
    static func main() {}
}
