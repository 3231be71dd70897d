import Etcd
import Foundation
import RebootLock
import TestKit
import Testing

/// The semaphore as locksmith's other programs read and write it.
@Suite struct RebootSemaphoreTests {
    @Test func isWrittenAsLocksmithWritesIt() throws {
        var semaphore = RebootSemaphore()
        #expect(try semaphore.json() == #"{"semaphore":1,"max":1,"holders":null}"#)
        semaphore.setMax(3)
        let taken = ["b", "a", "say \"c\""].map { semaphore.take($0) }
        #expect(taken == [true, true, true])
        #expect(try semaphore.json() == #"{"semaphore":0,"max":3,"holders":["a","b","say \"c\""]}"#)
        let read = try JSONDecoder().decode(RebootSemaphore.self, from: Data(try semaphore.json().utf8))
        #expect(read == semaphore)
    }

    @Test func hasAPlaceForEachOnceOnly() {
        var semaphore = RebootSemaphore(max: 2)
        let first = ["a", "a", "b", "c"].map { semaphore.take($0) }
        #expect(first == [true, true, true, false])
        let released = [semaphore.release("a"), semaphore.release("a")]
        #expect(released == [true, false])
        let then = semaphore.take("c")
        #expect(then)
        #expect(semaphore.holders == ["b", "c"])
        #expect(semaphore.semaphore == 0)
    }

    @Test func fewerPlacesThanHoldersLetNobodyInUntilTheyAreFree() {
        var semaphore = RebootSemaphore(max: 2)
        _ = (semaphore.take("a"), semaphore.take("b"))
        semaphore.setMax(1)
        #expect(semaphore.semaphore == -1)
        let taken = ["a", "b"].map { gone in
            _ = semaphore.release(gone)
            return semaphore.take("c")
        }
        #expect(taken == [false, true])
    }
}

/// The semaphore in a real etcd, with its v2 API and without.
@Suite struct RebootLockTests {
    /// What etcd holds under the key, asked for as others would.
    private func stored(_ etcd: RealEtcd, v2: Bool, key: String) async throws -> String? {
        guard v2 else { return try await EtcdHTTPClient.patient(etcd.clientURLs).get(key)?.text }
        let answer = await Loopback.http(
            "GET",
            port: etcd.members[0].clientPort,
            path: "/v2/keys/\(key)",
            within: .seconds(30)
        )
        struct Answer: Decodable {
            struct Node: Decodable { var value: String }
            var node: Node
        }
        return try answer.map { try JSONDecoder().decode(Answer.self, from: Data($0.body.utf8)).node.value }
    }

    @Test(arguments: [true, false])
    func isTakenAndGivenBack(v2: Bool) async throws {
        try await RealEtcd.with(servesV2: v2) { etcd in
            let lock = RebootLock(etcd: EtcdHTTPClient.patient(etcd.clientURLs))
            let key = "coreos.com/updateengine/rebootlock/semaphore"
            let unused = try await lock.semaphore()
            #expect(unused == RebootSemaphore())
            #expect(try await lock.take("one").taken)
            #expect(try await stored(etcd, v2: v2, key: key) == #"{"semaphore":0,"max":1,"holders":["one"]}"#)
            #expect(try await !lock.take("two").taken)
            #expect(try await lock.setMax(2) == 1)
            #expect(try await lock.take("two").taken)
            #expect(try await lock.release("one"))
            #expect(try await !lock.release("one"))
            #expect(try await stored(etcd, v2: v2, key: key) == #"{"semaphore":1,"max":2,"holders":["two"]}"#)
        }
    }

    @Test(arguments: [true, false])
    func manyWhoWantItHaveItOneAfterTheOther(v2: Bool) async throws {
        try await RealEtcd.with(servesV2: v2) { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            let inside = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let lock = RebootLock(etcd: client, group: "web servers")
                        while true {
                            let (taken, semaphore) = try await lock.take("m\(number)")
                            if taken { break }
                            try await lock.change(from: semaphore, within: .seconds(5))
                        }
                        inside.enter()
                        await Task.yield()
                        inside.leave()
                        try await lock.release("m\(number)")
                    }
                }
                try await group.waitForAll()
            }
            #expect(inside.most == 1)
            let key = "coreos.com/updateengine/rebootlock/groups/web+servers/semaphore"
            #expect(RebootLock(etcd: client, group: "web servers").key == key)
            #expect(try await RebootLock(etcd: client, group: "web servers").semaphore() == RebootSemaphore())
            #expect(try await RebootLock(etcd: client).take("somebody of another group").taken)
        }
    }

    @Test func whatIsNoSemaphoreIsSaidAndKept() async throws {
        try await RealEtcd.with { etcd in
            let client = EtcdHTTPClient.patient(etcd.clientURLs)
            let lock = RebootLock(etcd: client)
            #expect(try await client.setLegacyValue(of: lock.key, to: "mine & yours=100%", after: nil))
            let error = await #expect(throws: RebootLockError.self) { try await lock.take("one") }
            #expect(error?.description.contains("holds 'mine & yours=100%', which is no semaphore") == true)
            guard case .value(let value) = try await client.legacyValue(of: lock.key) else {
                Issue.record("the key is gone")
                return
            }
            #expect(value.text == "mine & yours=100%")
            #expect(try await !client.setLegacyValue(of: lock.key, to: "too late", after: value.index - 1))
            #expect(try await !client.setLegacyValue(of: lock.key, to: "too late", after: nil))
        }
    }
}
