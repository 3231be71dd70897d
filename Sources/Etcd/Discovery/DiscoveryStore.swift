import FoundationEssentials

/// The discovery protocol of etcd's version 2: a request in, an answer out, or a wait for what comes.
///
/// A value without a clock, a socket or a disk: whoever holds it writes down what ``Outcome/store`` says before the
/// answer goes out, and asks again for those who wait after every change.
package struct DiscoveryStore: Sendable {
    /// Outcome of a request.
    package enum Outcome: Sendable, Hashable {
        case answer(DiscoveryResponse)
        /// Not yet: ask again after the next change.
        case wait
        /// To be kept before the answer is given.
        case store(DiscoveryToken, DiscoveryCluster, DiscoveryResponse)
    }

    /// Clusters by token.
    package private(set) var clusters: [DiscoveryToken: DiscoveryCluster]
    /// Grows with every write, as etcd's does.
    package private(set) var index: UInt64

    /// Upper bound on tokens; protects against a runaway client.
    static let mostTokens = 100_000

    /// Creates a store that holds these clusters.
    package init(_ clusters: [DiscoveryToken: DiscoveryCluster] = [:]) {
        self.clusters = clusters
        index = clusters.values.map(\.lastIndex).max() ?? 0
    }

    /// Makes a token known, or leaves one that is.
    /// - Returns: what is to be kept; nil when nothing was changed.
    package mutating func create(_ token: DiscoveryToken, size: Int) -> DiscoveryCluster? {
        guard clusters[token] == nil else { return nil }
        index += 1
        let cluster = DiscoveryCluster(size: size, index: index)
        clusters[token] = cluster
        return cluster
    }

    /// - Parameter fresh: the token to give out, should one be asked for.
    package mutating func respond(to request: DiscoveryRequest, fresh: DiscoveryToken) -> Outcome {
        switch (request.method, request.path.count) {
        case ("GET", 1) where request.path[0] == "health": return .answer(response(200, #"{"health":"true"}"#))
        case ("GET", 1) where request.path[0] == "new", ("PUT", 1) where request.path[0] == "new",
            ("POST", 1) where request.path[0] == "new":
            return newToken(request, fresh)
        case (_, 1...3): break
        default: return .answer(failure(404, 100, "Key not found", request))
        }
        guard let token = DiscoveryToken(request.path[0]), let cluster = clusters[token] else {
            return .answer(failure(404, 100, "Key not found", request, "no such token; ask for one at /new?size=3"))
        }
        switch request.method {
        case "GET": return read(request, token, cluster)
        case "PUT" where request.path.count == 2: return register(request, token, cluster)
        default:
            let message = "this service takes registrations, and nothing else"
            return .answer(DiscoveryResponse(status: 405, body: "{\"message\":\"\(message)\"}\n", index: index))
        }
    }

    // MARK: Tokens

    private mutating func newToken(_ request: DiscoveryRequest, _ fresh: DiscoveryToken) -> Outcome {
        let text = request.query["size"] ?? request.form["size"] ?? "3"
        guard let size = Int(text), DiscoveryCluster.sizes.contains(size) else {
            let sizes = DiscoveryCluster.sizes
            let message = "size is the number of etcd's first members: \(sizes.lowerBound) to \(sizes.upperBound)\n"
            return .answer(response(400, message, type: "text/plain"))
        }
        guard clusters.count < Self.mostTokens, let cluster = create(fresh, size: size) else {
            return .answer(response(507, "there is no room for another token\n", type: "text/plain"))
        }
        return .store(fresh, cluster, response(200, "http://\(request.host)/\(fresh)", type: "text/plain"))
    }

    // MARK: Reading

    private func read(_ request: DiscoveryRequest, _ token: DiscoveryToken, _ cluster: DiscoveryCluster) -> Outcome {
        if request.query["wait"] == "true" { return wait(request, token, cluster) }
        switch request.path.count {
        case 1:
            let nodes = cluster.registrations.map { Node($0, token) }
            let node = Node(key: "/\(token)", dir: true, nodes: nodes, cluster.index)
            return .answer(answer(200, Change(action: "get", node: node)))
        case 3 where request.path[1...] == ["_config", "size"]:
            let node = Node(key: "/\(token)/_config/size", value: "\(cluster.size)", cluster.index)
            return .answer(answer(200, Change(action: "get", node: node)))
        case 2:
            guard let found = cluster.registrations.first(where: { $0.id == request.path[1] }) else { fallthrough }
            return .answer(answer(200, Change(action: "get", node: Node(found, token))))
        default: return .answer(failure(404, 100, "Key not found", request))
        }
    }

    /// The first registration since an index: of one member, or of any.
    private func wait(_ request: DiscoveryRequest, _ token: DiscoveryToken, _ cluster: DiscoveryCluster) -> Outcome {
        let text = request.query["waitIndex"] ?? ""
        guard let since = text.isEmpty ? index + 1 : UInt64(text) else {
            return .answer(failure(400, 203, "The given index in POST form is not a number", request))
        }
        let isRecursive = request.query["recursive"] == "true"
        let found = cluster.registrations.first { registration in
            guard registration.index >= since else { return false }
            return request.path.count == 1 ? isRecursive : request.path[1] == registration.id
        }
        return found.map { .answer(answer(200, Change(action: "create", node: Node($0, token)))) } ?? .wait
    }

    // MARK: Registration

    private mutating func register(
        _ request: DiscoveryRequest,
        _ token: DiscoveryToken,
        _ old: DiscoveryCluster,
    ) -> Outcome {
        let (id, value) = (request.path[1], request.form["value"] ?? request.query["value"] ?? "")
        if let reason = Self.fault(id: id, value: value) {
            return .answer(failure(400, 209, "Invalid field", request, reason))
        }
        if let present = old.registrations.first(where: { $0.id == id }) {
            // A member that was made anew before the cluster was whole: it is who it was.
            guard !old.isFull, present.value == value else {
                return .answer(failure(412, 105, "Key already exists", request))
            }
            return .answer(answer(201, Change(action: "create", node: Node(present, token))))
        }
        guard old.registrations.count < DiscoveryCluster.mostRegistrations else {
            return .answer(
                failure(507, 300, "Raft Internal Error", request, "the cluster needs no further registration")
            )
        }
        index += 1
        var cluster = old
        let registration = DiscoveryCluster.Registration(id: id, value: value, index: index)
        cluster.registrations.append(registration)
        clusters[token] = cluster
        return .store(token, cluster, answer(201, Change(action: "create", node: Node(registration, token))))
    }

    /// Returns the fault of a registration; nil for a valid one.
    private static func fault(id: String, value: String) -> String? {
        guard (1...16).contains(id.utf8.count), UInt64(id, radix: 16) != nil else {
            return "a member's number is hexadecimal"
        }
        let entries = value.split(separator: "&", omittingEmptySubsequences: false)
        let areGood = entries.allSatisfy { entry in
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && !parts[0].isEmpty && isURL(parts[1])
        }
        return areGood && value.utf8.count <= 4096 ? nil : "a member's value is name=http://address:2380"
    }

    private static func isURL(_ text: Substring) -> Bool {
        let scheme = ["http://", "https://", "unix://", "unixs://"].first { text.hasPrefix($0) }
        guard let scheme else { return false }
        return text.count > scheme.count && !text.contains { $0.isWhitespace || $0 == "\"" || $0 == "," }
    }

    // MARK: Answers

    private func response(_ status: Int, _ body: String, type: String = "application/json") -> DiscoveryResponse {
        DiscoveryResponse(status: status, body: body, index: index, contentType: type)
    }

    private func answer(_ status: Int, _ content: some Encodable) -> DiscoveryResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(content) else { return response(500, "{}") }
        return response(status, String(decoding: data, as: UTF8.self) + "\n")
    }

    private func failure(
        _ status: Int,
        _ code: Int,
        _ message: String,
        _ request: DiscoveryRequest,
        _ cause: String? = nil,
    ) -> DiscoveryResponse {
        let path = "/" + request.path.joined(separator: "/")
        return answer(status, Failure(errorCode: code, message: message, cause: cause ?? path, index: index))
    }

    private struct Failure: Encodable {
        var errorCode: Int
        var message: String
        var cause: String
        var index: UInt64
    }

    private struct Change: Encodable {
        var action: String
        var node: Node
    }

    private struct Node: Encodable {
        var key: String
        var value: String?
        var dir: Bool?
        var nodes: [Node]?
        var createdIndex: UInt64
        var modifiedIndex: UInt64

        init(key: String, value: String? = nil, dir: Bool? = nil, nodes: [Node]? = nil, _ index: UInt64) {
            (self.key, self.value, self.dir, self.nodes) = (key, value, dir, nodes)
            (createdIndex, modifiedIndex) = (index, index)
        }

        init(_ registration: DiscoveryCluster.Registration, _ token: DiscoveryToken) {
            self.init(key: "/\(token)/\(registration.id)", value: registration.value, registration.index)
        }
    }
}
