import ArgumentParser
import Domain
import Storage

struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "List users, and make an administrator from the shell.",
        subcommands: [CreateAdmin.self, List.self]
    )

    struct CreateAdmin: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create-admin",
            abstract: "Make a user who may do everything.",
            discussion: """
                For the first administrator, and for another one should nobody be able to sign in. The password is asked \
                for on the terminal, or read from a file; it is never an argument, which others could see. Works beside a \
                running server.
                """
        )

        @OptionGroup var options: SettingsOptions

        @Option(help: "The address to sign in with.")
        var email: String

        @Option(help: "The name to show.")
        var name: String = ""

        @Option(help: ArgumentHelp("A file that holds the password, or - for standard input.", valueName: "file"))
        var passwordFile: String?

        func validate() throws {
            guard EmailAddress.parse(email) != nil else {
                throw ValidationError("--email must be an e-mail address, such as admin@example.com")
            }
            guard name.count <= 100, name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
                throw ValidationError("--name must be at most 100 characters on one line")
            }
            guard passwordFile != "" else { throw ValidationError("--password-file must name a file") }
        }

        func run() async throws {
            let loaded = try options.load()
            guard let email = EmailAddress.parse(email) else { throw ValidationError("--email is no address") }
            let password = try NewPassword.read(file: passwordFile)
            let books = try OpenedBooks(loaded.settings, migrates: true)
            guard let hash = await Passwords().hash(password) else {
                throw InputProblem(source: "password", reason: "could not be hashed")
            }
            let new = NewAccount(email: email, name: name, role: .superAdmin, passwordHash: hash)
            let account: Account
            do {
                account = try await books.accounts.create(new, by: .command("users create-admin"))
            } catch {
                throw AccountProblem.explain(error, email: email, database: books.path)
            }
            try books.database.close()
            print("made user \(account.id), \(account.email), a super admin")
            print("next: `tokenaudit serve` if no server runs, then sign in with this address and password")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print each user: id, role, whether active, e-mail address, name, separated by tabs."
        )

        private static let pageSize = 1_000

        @OptionGroup var options: SettingsOptions

        func run() async throws {
            let books = try OpenedBooks(options.load().settings, migrates: false)
            var query = AccountQuery()
            query.window.limit = Self.pageSize
            while true {
                let page: Page<Account>
                do {
                    page = try await books.accounts.accounts(query)
                } catch {
                    throw AccountProblem.explain(error, email: "", database: books.path)
                }
                for account in page.items {
                    let activity = account.isActive ? "active" : "inactive"
                    print("\(account.id)\t\(account.role.rawValue)\t\(activity)\t\(account.email)\t\(account.name)")
                }
                query.window.offset += page.items.count
                if page.items.count < Self.pageSize { break }
            }
            try books.database.close()
        }
    }
}

/// A password that somebody chose.
enum NewPassword {
    /// - Parameter file: nil: the terminal is asked; `-`: standard input.
    static func read(file: String?) throws(InputProblem) -> String {
        guard let file else { return try check(PasswordPrompt.askTwice("Password"), source: "terminal") }
        return try check(SmallFile.readSecret(path: file == "-" ? "/dev/stdin" : file), source: file)
    }

    static func check(_ password: String, source: String) throws(InputProblem) -> String {
        if let problem = PasswordRule.problem(of: password) {
            throw InputProblem(source: source, reason: "a password \(problem)")
        }
        return password
    }
}

extension OpenedBooks {
    /// Users, for commands that make no key.
    fileprivate var accounts: AccountStore {
        AccountStore(desk: ControlDesk(writer: database, reader: database, clock: Clock.now), digester: nil)
    }
}

private enum AccountProblem {
    static func explain(_ error: DeskError, email: String, database: String) -> InputProblem {
        switch error {
        case .taken:
            InputProblem(
                source: email,
                reason: "there is such a user already; `tokenaudit apply` changes role and password"
            )
        case .forbidden: InputProblem(source: email, reason: "only a super admin may")
        case .notFound: InputProblem(source: email, reason: "there is no such user")
        case .conflict(.lastSuperAdmin): InputProblem(source: email, reason: "is the last super admin")
        case .conflict, .refused, .stale, .pinned, .absent: InputProblem(source: email, reason: "cannot be made now")
        case .unavailable(let cause): InputProblem(source: database, reason: cause)
        }
    }
}
