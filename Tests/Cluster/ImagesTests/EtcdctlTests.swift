import TestKit
import Testing

@testable import Images

/// A node's etcdctl: which version a call is for, and what the program is given.
@Suite struct EtcdctlTests {
    /// Calls it with a program that says what it is given.
    private func said(_ call: String, environment: String = "", sourceLocation: SourceLocation = #_sourceLocation)
        async throws -> String
    {
        try await TemporaryDirectory.withFiles { scratch in
            let names = "ETCDCTL_CACERT ETCDCTL_CA_FILE ETCDCTL_ENDPOINTS"
            let program = """
                #!/bin/sh
                printf %s "$ETCDCTL_API:"
                for word; do printf ' %s' "$word"; done
                for name in \(names); do eval "value=\\${$name-}"; [ -z "$value" ] || printf ' %s' "$name=$value"; done

                """
            let text = try scratch.write(program, to: "program.sh", mode: 0o644)
            let path = scratch.path + "/program"
            let script = ImageScripts.etcdctl.replacing("program=/run/slipway/etcdctl", with: "program=\(path)")
            let etcdctl = try scratch.write(script, to: "etcdctl", mode: 0o644)
            // Another process makes the program: while this one has it open for writing, any child that is started just
            // then has it, too, and the kernel runs no program that somebody may write.
            let call = "install -m 755 \(text) \(path) && unset ETCDCTL_API && \(environment) sh \(etcdctl) \(call)"
            let ran = try await ShellCommand.run(call)
            #expect(ran.exitCode == 0, sourceLocation: sourceLocation)
            return ran.output
        }
    }

    @Test(arguments: [
        ("set /a '{ \"x\": 1 }' --ttl 60", "2: set /a { \"x\": 1 } --ttl 60"),
        ("rm --recursive /a", "2: rm --recursive /a"), ("ls", "2: ls"), ("mk /a 1", "2: mk /a 1"),
        ("mkdir /a --ttl 5", "2: mkdir /a --ttl 5"), ("update /a 1", "2: update /a 1"), ("setdir /a", "2: setdir /a"),
        ("rmdir /a", "2: rmdir /a"),
        ("exec-watch /a -- sh -c 'etcdctl put --prefix'", "2: exec-watch /a -- sh -c etcdctl put --prefix"),
        ("get /a", "2: get /a"), ("--no-sync get --quorum /a", "2: --no-sync get --quorum /a"),
        ("watch -f /a", "2: watch -f /a"),
        ("member list", "2: member list"), ("user add root", "2: user add root"), ("auth enable", "2: auth enable"),
        ("--version", "2: --version"), ("cluster-health", "2: cluster-health"),
        ("--output json get put", "2: --output json get put"),
        ("put /a b", "3: put /a b"), ("del /a", "3: del /a"), ("txn", "3: txn"), ("lease grant 5", "3: lease grant 5"),
        ("snapshot save x", "3: snapshot save x"), ("endpoint health", "3: endpoint health"), ("version", "3: version"),
        ("get --prefix /a", "3: get --prefix /a"), ("get /a /b", "3: get /a /b"),
        ("-w json get /a", "3: -w json get /a"),
        ("member list -w table", "3: member list -w table"), ("member promote 1", "3: member promote 1"),
        ("user grant-role a b", "3: user grant-role a b"), ("watch /a -- echo", "3: watch /a -- echo"),
    ])
    func theWordsDecide(call: String, given: String) async throws {
        #expect(try await said(call) == given)
    }

    @Test func theEnvironmentDecidesFirst() async throws {
        #expect(try await said("get /a", environment: "ETCDCTL_API=3") == "3: get /a")
        #expect(try await said("put /a b", environment: "ETCDCTL_API=2") == "2: put /a b")
    }

    @Test(arguments: [
        (
            "--peers 10.0.0.1:4001,http://b:1 set a 'x y'", "",
            "2: --endpoints http://10.0.0.1:4001,http://b:1 set a x y"
        ),
        ("-C=10.0.0.1:4001 ls /", "", "2: --endpoints=http://10.0.0.1:4001 ls /"),
        ("--peers http://h:1 --no-sync put a b", "", "3: --endpoints http://h:1 put a b"),
        ("--ca-file=c put a b", "ETCDCTL_CACERT=x", "3: --cacert=c put a b"),
        ("set a b", "ETCDCTL_CACERT=c", "2: set a b ETCDCTL_CA_FILE=c ETCDCTL_ENDPOINTS=https://127.0.0.1:2379"),
        ("put a b", "ETCDCTL_CA_FILE=c", "3: put a b ETCDCTL_CACERT=c"),
        ("put a b", "ETCDCTL_PEERS=http://h:1", "3: put a b ETCDCTL_ENDPOINTS=http://h:1"),
        ("ls", "ETCDCTL_PEERS=h:1", "2: ls ETCDCTL_ENDPOINTS=http://h:1"),
        ("--endpoints=h:1 put a b", "ETCDCTL_ENDPOINTS=h:2", "3: --endpoints=h:1 put a b"),
    ])
    func addressesAndCertificatesReachBoth(call: String, environment: String, given: String) async throws {
        #expect(try await said(call, environment: environment) == given)
    }
}
