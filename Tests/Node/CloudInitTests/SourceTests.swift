import CloudInit
import Foundation
import Synchronization
import TestKit
import Testing

/// Where user-data comes from.
@Suite struct SourceTests {
    /// Answers requests with what is in store, one after the other, and with the last of them from then on.
    private final class WebServer: Sendable {
        private let answers: Mutex<[String]>
        let requests = Mutex<[String]>([])
        // Set once, before anybody else knows this.
        nonisolated(unsafe) private var server: LoopbackServer?

        init(_ answers: String...) throws {
            self.answers = Mutex(answers)
            server = try LoopbackServer { [self] connection in
                var buffer = [UInt8](repeating: 0, count: 4096)
                let count = recv(connection, &buffer, buffer.count, 0)
                requests.withLock { $0.append(String(decoding: buffer[..<max(0, count)], as: UTF8.self)) }
                let answer = self.answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
                _ = send(connection, answer, answer.utf8.count, Int32(MSG_NOSIGNAL))
            }
        }

        var url: String { "http://127.0.0.1:\(server?.port ?? 0)" }
        func stop() { server?.stop() }
    }

    private static func ok(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private let config = "#cloud-config\nwrite_files: [{path: /a, content: web}]\n"

    @Test func aURLIsReadInTheEnd() async throws {
        let server = try WebServer(
            "HTTP/1.1 503 Busy\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\ncut off",
            "HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n",
            Self.ok(config)
        )
        defer { server.stop() }
        let machine = try TestMachine()
        #expect(await machine.run(["-from-url=\(server.url)/user-data?x=1"]) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "web")
        let requests = server.requests.withLock { $0 }
        #expect(requests.count == 4)
        #expect(requests[0].hasPrefix("GET /user-data?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"))
        #expect(requests[3].hasPrefix("GET /there "))
    }

    @Test func chunksAreJoined() async throws {
        let chunks =
            "3;x=y\r\n#cl\r\n\(String(config.utf8.count - 3, radix: 16))\r\n\(config.dropFirst(3))\r\n0\r\n\r\n"
        let server = try WebServer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)")
        defer { server.stop() }
        let machine = try TestMachine()
        #expect(await machine.run(["-from-url=\(server.url)"]) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "web")
    }

    @Test func whatIsNotThereIsAskedForOnce() async throws {
        let server = try WebServer("HTTP/1.1 404 Not Found\r\n\r\n")
        defer { server.stop() }
        let machine = try TestMachine()
        #expect(await machine.run(["-from-url=\(server.url)/x"]) == 1)
        #expect(server.requests.withLock { $0.count } == 1)
        #expect(machine.complaints == ["cannot read \(server.url)/x: the server answered with HTTP status 404"])
    }

    @Test func theKernelsCommandLineNamesAURL() async throws {
        let server = try WebServer(Self.ok(config))
        defer { server.stop() }
        let machine = try TestMachine()
        let line = "ro cloud-config-url=http://127.0.0.1:1/ cloud_config_url=\(server.url)/u cloud-config-url= quiet\n"
        try machine.write("/proc/cmdline", line)
        #expect(await machine.run(["-from-proc-cmdline"]) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "web")
        try machine.write("/proc/cmdline", "ro\n")
        #expect(await machine.run(["-from-proc-cmdline"]) == 1)
        #expect(machine.complaints == ["the kernel's command line names no cloud-config-url"])
    }

    @Test func theFirstSourceThatIsThereCounts() async throws {
        let machine = try TestMachine()
        try machine.write("/user-data", config)
        let sources = ["-from-configdrive=\(machine.root)/none", "-from-file=\(machine.root)/user-data"]
        #expect(await machine.run(sources + ["-from-file=\(machine.root)/nothing"]) == 0, "\(machine.complaints)")
        #expect(machine.read("/a") == "web")
        #expect(await machine.run(["-from-file=/nothing/a", "-from-file=/nothing/b"]) == 1)
        let said = "no source has user-data: \n  there is no file /nothing/a\n  there is no file /nothing/b"
        #expect(machine.complaints == [said])
    }

    @Test func aScriptRunsOnAMachineWithItsNameAndAddresses() async throws {
        let machine = try TestMachine()
        try machine.write("/drive/openstack/latest/meta_data.json", #"{"hostname": "m"}"#)
        try machine.write("/drive/openstack/latest/user_data", "#!/bin/sh\necho $private_ipv4\n")
        _ = await machine.run(["-from-configdrive=\(machine.root)/drive", "-workspace=/w"])
        #expect(machine.hostname == "m")
        let unit = try #require(machine.read("/w/scripts/unit-name"))
        let name = unit.dropFirst("coreos-cloudinit-".count).dropLast(".service".count)
        #expect(machine.read("/w/scripts/\(name)") == "#!/bin/sh\necho 10.0.0.7\n")
    }

    @Test func ignitionIsLeftAlone() async throws {
        let machine = try TestMachine()
        try machine.write("/u", #"{"ignition": {"version": "3.3.0"}}"#)
        #expect(await machine.run(["-from-file=\(machine.root)/u"]) == 0)
        #expect(machine.lines == ["Detected an Ignition config. Exiting..."])
    }
}
