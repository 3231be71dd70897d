import ArgumentParser

struct DiscoveryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discovery",
        abstract: "Help the first members of etcd clusters find each other.",
        discussion: """
            Members that do not know each other's addresses meet under a token: each registers there, and as soon as \
            as many are there as the token was made for, they form a cluster. A token is good for one cluster.
            """,
        subcommands: [DiscoveryServe.self],
    )
}
