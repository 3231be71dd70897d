import Basics
import NIOCore
import Testing

@testable import Etcd

@Suite struct WatchLineTests {
    private func read(_ text: String) throws(EtcdError) -> WatchLine {
        try WatchLine(ByteBuffer(string: text), from: "http://e/v3/watch")
    }

    @Test func changes() throws {
        let line = try read(
            """
            {"result":{"header":{"cluster_id":"14841639068965178418","member_id":"1","revision":"7","raft_term":"2"},
            "events":[{"kv":{"key":"YS9i","create_revision":"3","mod_revision":"6","version":"2","value":"eA==",
            "lease":"9"}},{"type":"DELETE","kv":{"key":"YS9j","mod_revision":"7"}}]}}
            """
        )
        let written = KeyValue(
            key: "a/b",
            value: Array("x".utf8),
            createRevision: 3,
            modRevision: 6,
            version: 2,
            lease: LeaseID(9)
        )
        #expect(line.events == [.put(written), .delete(key: "a/c", revision: 7)])
        #expect(line.revision == 7 && !line.isCreated && line.cancelReason == nil && line.compactRevision == nil)
    }

    @Test func whatIsNoChange() throws {
        let created = try read(#"{"result":{"header":{"revision":"4"},"created":true}}"#)
        #expect(created.isCreated && created.revision == 4 && created.events.isEmpty)
        #expect(try read(#"{"result":{"header":{"revision":5}}}"#).revision == 5)
        let compacted = try read(#"{"result":{"canceled":true,"compact_revision":"12","cancel_reason":"mvcc"}}"#)
        #expect(compacted.compactRevision == 12 && compacted.cancelReason == "mvcc")
        #expect(try read(#"{"result":{"canceled":true}}"#).cancelReason == "no reason given")
    }

    @Test func aRefusalIsThatOfEtcd() {
        let error = #expect(throws: EtcdError.self) {
            try read(#"{"error":{"grpc_code":14,"code":14,"message":"etcdserver: no leader"}}"#)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.description.contains("no leader") == true)
    }

    @Test(arguments: [
        "", "{", "<html>", #"{"result":{"events":[{"kv":{}}]}}"#, #"{"result":{"events":[{}]}}"#,
        #"{"result":{"header":{"revision":"x"}}}"#, #"{"result":{"events":[{"kv":{"key":"***"}}]}}"#,
        #"{"result":{"events":[{"kv":{"key":7}}]}}"#,
    ])
    func anythingElseIsRefusedWithItsText(text: String) {
        let error = #expect(throws: EtcdError.self) { try read(text) }
        #expect(error?.code == .invalidAnswer)
        #expect(error?.description.contains("unexpected answer '\(text)'") == true)
    }
}
