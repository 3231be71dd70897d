import Basics
import Discovery
import TestKit
import Testing

/// The protocol, without a socket or a disk.
@Suite struct DiscoveryStoreTests {
    private static let token = token("a")

    private static func token(_ digit: Character) -> DiscoveryToken {
        var generator = SeededGenerator(seed: UInt64(digit.asciiValue ?? 0))
        return .random(using: &generator)
    }

    private func store(size: Int = 3, members: Int = 0) -> DiscoveryStore {
        var store = DiscoveryStore()
        _ = store.create(Self.token, size: size)
        for member in 0..<members { _ = store.register(member) }
        return store
    }

    @Test(arguments: ["0", "-1", "20", "x", "", "3x", "99999999999999999999"])
    func refusesSizesThatMakeNoSense(size: String) {
        var store = DiscoveryStore()
        let outcome = store.respond(to: DiscoveryRequest("GET", "/new?size=\(size)"), fresh: Self.token)
        #expect(outcome.status == 400)
        #expect(store.clusters.isEmpty)
    }

    @Test func givesOutATokenOfTheSizeAskedForAtTheHostThatWasAsked() throws {
        var store = DiscoveryStore()
        let request = DiscoveryRequest("GET", "/new?size=5", host: "10.1.2.3:8087")
        let outcome = store.respond(to: request, fresh: Self.token)
        guard case .store(Self.token, let cluster, let response) = outcome else {
            Issue.record("nothing is kept: \(outcome)")
            return
        }
        #expect(cluster.size == 5)
        #expect(response.body == "http://10.1.2.3:8087/\(Self.token)")
        let size = store.get("/\(Self.token)/_config/size?quorum=false&recursive=false&sorted=false")
        #expect(size.body?.contains(#""value":"5""#) == true)
    }

    @Test(arguments: ["/nosuch", "/nosuch/_config/size", "/0123456789abcdef0123456789abcdef", "/..", "/", "/a/b/c/d"])
    func saysThatATokenIsNotKnown(path: String) {
        let outcome = store().get(path)
        #expect(outcome.status == 404)
        #expect(outcome.body?.contains(#""errorCode":100"#) == true)
    }

    @Test func listsMembersInTheOrderOfTheirRegistration() throws {
        let body = try #require(store(members: 3).get("/\(Self.token)").body)
        let places = (0..<3).compactMap { body.firstRange(of: "m\($0)=http")?.lowerBound }
        #expect(places.count == 3)
        #expect(places == places.sorted())
        #expect(body.contains("_config") == false)
    }

    @Test func theFourthOfThreeRegistersBehindTheOthers() {
        var store = store(members: 3)
        #expect(store.register(3).status == 201)
        #expect(store.clusters[Self.token]?.registrations.map(\.id) == ["a0", "a1", "a2", "a3"])
    }

    @Test func aMemberThatComesAgainBeforeAllAreThereKeepsItsPlace() {
        var store = store(members: 2)
        let index = store.index
        #expect(store.register(0).status == 201)
        #expect(store.index == index)
        #expect(store.register(0, value: "other=http://127.0.0.1:1").status == 412)
    }

    /// A member that lost its data must not come up as if the cluster were new.
    @Test func aMemberThatComesAgainAfterwardsIsRefused() {
        var store = store(members: 3)
        let outcome = store.register(0)
        #expect(outcome.status == 412)
        #expect(outcome.body?.contains(#""errorCode":105"#) == true)
    }

    @Test(arguments: [
        ("xyz", "m=http://127.0.0.1:1"), ("0123456789abcdef0", "m=http://127.0.0.1:1"), ("a1", ""),
        ("a1", "http://127.0.0.1:1"), ("a1", "m=127.0.0.1:1"), ("a1", "m=http://"), ("a1", "=http://127.0.0.1:1"),
        ("a1", "m=http://127.0.0.1:1,n=http://127.0.0.1:2"),
    ])
    func refusesRegistrationsOfNobody(id: String, value: String) {
        var store = store()
        let request = DiscoveryRequest("PUT", "/\(Self.token)/\(id)", body: "value=\(value)")
        #expect(store.respond(to: request, fresh: Self.token).status == 400)
        #expect(store.clusters[Self.token]?.registrations.isEmpty == true)
    }

    @Test(arguments: ["DELETE", "POST", "PATCH"]) func takesNothingButRegistrations(method: String) {
        var store = store(members: 1)
        let request = DiscoveryRequest(method, "/\(Self.token)/a0")
        #expect(store.respond(to: request, fresh: Self.token).status == 405)
    }

    @Test func aSizeIsNotChangedAfterwards() {
        var store = store()
        let request = DiscoveryRequest("PUT", "/\(Self.token)/_config/size", body: "value=1")
        #expect(store.respond(to: request, fresh: Self.token).status == 405)
        #expect(store.create(Self.token, size: 1) == nil)
        #expect(store.clusters[Self.token]?.size == 3)
    }

    @Test func waitsForWhatComesAndAnswersWhatHasBeen() {
        var store = store(members: 2)
        let next = "/\(Self.token)?recursive=true&wait=true&waitIndex=\(store.index + 1)"
        #expect(store.get(next) == .wait)
        _ = store.register(2)
        #expect(store.get(next).body?.contains("m2=http") == true)
        // One member's own registration, as each asks for it.
        let index = store.clusters[Self.token]?.registrations.first?.index ?? 0
        let own = store.get("/\(Self.token)/a0?recursive=false&wait=true&waitIndex=\(index)")
        #expect(own.body?.contains("m0=http") == true)
    }

    @Test func goesOnFromWhatWasKept() {
        let before = store(members: 2)
        var after = DiscoveryStore(before.clusters)
        #expect(after.index == before.index)
        #expect(after.get("/\(Self.token)") == before.get("/\(Self.token)"))
        #expect(after.register(2).status == 201)
        #expect(after.clusters[Self.token]?.registrations.map(\.id) == ["a0", "a1", "a2"])
    }
}

extension DiscoveryStore {
    fileprivate mutating func register(_ member: Int, value: String? = nil) -> Outcome {
        let token = clusters.keys.first.map { "\($0)" } ?? ""
        let value = value ?? "m\(member)=http%3A%2F%2F127.0.0.1%3A238\(member)"
        let request = DiscoveryRequest("PUT", "/\(token)/a\(member)?prevExist=false", body: "value=\(value)")
        var generator = SeededGenerator(seed: 0)
        return respond(to: request, fresh: .random(using: &generator))
    }

    fileprivate func get(_ target: String) -> Outcome {
        var copy = self
        var generator = SeededGenerator(seed: 0)
        return copy.respond(to: DiscoveryRequest("GET", target), fresh: .random(using: &generator))
    }
}

extension DiscoveryStore.Outcome {
    fileprivate var response: DiscoveryResponse? {
        switch self {
        case .answer(let response), .store(_, _, let response): response
        case .wait: nil
        }
    }

    fileprivate var status: Int? { response?.status }
    fileprivate var body: String? { response?.body }
}
