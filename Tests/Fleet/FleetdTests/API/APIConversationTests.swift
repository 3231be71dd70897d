import FleetState
import Fleetd
import TestKit
import Testing

/// What the original's fleetctl asks, command by command, and what it is answered, byte for byte.
@Suite(.timeLimit(.minutes(5)))
struct APIConversationTests {
    let etcd = FakeEtcd()

    /// The lines of `script` in turn: a request that begins with `>` is sent, and the lines after it are the answer.
    private func hold(_ script: String, _ api: APIResponder, sourceLocation: SourceLocation = #_sourceLocation) async {
        var answer = ""
        for line in script.split(separator: "\n").map(String.init) {
            guard line.hasPrefix("> ") else {
                #expect(answer == line, sourceLocation: sourceLocation)
                continue
            }
            let words = line.dropFirst(2).split(separator: " ", maxSplits: 2).map(String.init)
            answer = await ask(words[0], words[1], words.count > 2 ? words[2] : "", api)
        }
    }

    private func ask(_ method: String, _ target: String, _ body: String, _ api: APIResponder) async -> String {
        let parts = target.split(separator: "?").map(String.init)
        let pairs = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
            let name = pair.prefix { $0 != "=" }
            return (String(name), String(pair.dropFirst(name.count + 1)))
        }
        let request = APIRequest(
            method,
            "/fleet/v1" + parts[0],
            query: Dictionary(pairs) { first, _ in first },
            contentTypes: body.isEmpty ? [] : ["application/json"],
            body: body,
        )
        let response = await api.respond(to: request)
        // The original says so of PATCH's answer as well, which has no body.
        #expect((response.contentType == "application/json") == (!response.body.isEmpty || method == "PATCH"))
        return response.body.isEmpty ? "\(response.status)" : "\(response.status) \(response.body)"
    }

    @Test func anEmptyCluster() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            await hold(
                """
                > GET /units?alt=json
                200 {}
                > GET /state?alt=json
                200 {}
                > GET /machines?alt=json
                200 {"machines":[{"id":"m1","metadata":{"role":"web"},"primaryIP":"10.0.0.49"}]}
                """,
                api,
            )
        }
    }

    @Test func submitLoadStartStopAndDestroy() async throws {
        try await withFleetAPI(etcd) { (api, session) async throws in
            let options =
                #"[{"name":"Description","section":"Unit","value":"Hello World"},"#
                + #"{"name":"ExecStart","section":"Service","value":"/bin/sleep 1"}]"#
            await hold(
                """
                > GET /units/hello.service?alt=json
                404 {"error":{"code":404,"message":"unit does not exist"}}
                > PUT /units/hello.service?alt=json {"name":"hello.service","options":\(options)}
                201
                > GET /units/hello.service?alt=json
                200 {"currentState":"inactive","desiredState":"inactive","name":"hello.service","options":\(options)}
                > PUT /units/hello.service?alt=json {"desiredState":"launched","name":"hello.service"}
                204
                > PUT /units/hello.service?alt=json {"desiredState":"launched","name":"hello.service"}
                204
                """,
                api,
            )
            try await run("hello.service", api, session)
            await hold(
                """
                > GET /units/hello.service?alt=json
                200 {"currentState":"launched","desiredState":"launched","machineID":"m1","name":"hello.service",\
                "options":\(options)}
                > GET /state/hello.service?alt=json
                200 {"hash":"abc","machineID":"m1","name":"hello.service","systemdActiveState":"active",\
                "systemdLoadState":"loaded","systemdSubState":"running"}
                > GET /state?alt=json&machineID=m1&unitName=hello.service
                200 {"states":[{"hash":"abc","machineID":"m1","name":"hello.service","systemdActiveState":"active",\
                "systemdLoadState":"loaded","systemdSubState":"running"}]}
                > GET /state?alt=json&machineID=m2
                200 {}
                > PUT /units/hello.service?alt=json {"desiredState":"loaded","name":"hello.service"}
                204
                > GET /units?alt=json
                200 {"units":[{"currentState":"launched","desiredState":"loaded","machineID":"m1",\
                "name":"hello.service","options":\(options)}]}
                > DELETE /units/hello.service?alt=json
                204
                > DELETE /units/hello.service?alt=json
                404 {"error":{"code":404,"message":"unit does not exist"}}
                > GET /units?alt=json
                200 {}
                """,
                api,
            )
        }
    }

    /// As the engine and the agent would.
    private func run(_ unit: String, _ api: APIResponder, _ session: MachineSession) async throws {
        let registry = FleetRegistry(etcd: etcd)
        let leader = try #require(try await registry.campaign(session))
        let placement = Placement(unit: unit, .place(on: "m1"))
        _ = try await registry.apply([placement], try await registry.snapshot(), leader)
        let revision = try await registry.publish([StateChange(unit: unit, state: .running("abc"))], session)
        #expect(await api.watch.wait(until: revision, within: .seconds(30)))
    }

    @Test func templatesAndGlobalUnits() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let options = #"[{"name":"Global","section":"X-Fleet","value":"true"}]"#
            await hold(
                """
                > PUT /units/t@.service {"desiredState":"launched","options":\(options)}
                400 {"error":{"code":400,"message":"cannot activate template \\"t@.service\\""}}
                > PUT /units/t@.service {"options":\(options)}
                201
                > PUT /units/t@.service {"desiredState":"loaded"}
                400 {"error":{"code":400,"message":"cannot activate template \\"t@.service\\""}}
                > DELETE /units/t@.service
                204
                > PUT /units/g.service {"desiredState":"launched","options":\(options)}
                201
                > GET /units/g.service
                200 {"desiredState":"launched","name":"g.service","options":\(options)}
                > GET /units
                200 {"units":[{"currentState":"inactive","desiredState":"launched","name":"g.service",\
                "options":\(options)}]}
                """,
                api,
            )
        }
    }

    @Test func metadataOfMachines() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let path = #""path":"/m1/metadata"#
            await hold(
                """
                > PATCH /machines [{"op":"add",\(path)/zone","value":{"value":"b"}},{"op":"remove",\(path)/role"}]
                204
                > GET /machines
                200 {"machines":[{"id":"m1","metadata":{"zone":"b"},"primaryIP":"10.0.0.49"}]}
                > PATCH /machines [{"op":"replace",\(path)/role","value":"db"},{"op":"remove",\(path)/zone"}]
                204
                > GET /machines
                200 {"machines":[{"id":"m1","metadata":{"role":"db"},"primaryIP":"10.0.0.49"}]}
                > PATCH /machines [{"op":"remove",\(path)/role"},{"op":"add",\(path)/a b","value":"c"}]
                400 {"error":{"code":400,"message":"machine metadata path invalid"}}
                > PATCH /machines [{"op":"add",\(path)/a"}]
                400 {"error":{"code":400,"message":"invalid value: add and replace require a value"}}
                > PATCH /machines [{"op":"test",\(path)/a","value":"c"}]
                400 {"error":{"code":400,"message":"invalid op: expect add, remove, or replace"}}
                > GET /machines
                200 {"machines":[{"id":"m1","metadata":{"role":"db"},"primaryIP":"10.0.0.49"}]}
                > PATCH /machines []
                204
                """,
                api,
            )
        }
    }

    @Test func refusedNamesAndRequirements() async throws {
        try await withFleetAPI(etcd) { (api, _) async throws in
            let fleet = { (name: String, value: String) in
                #"{"name":"\#(name)","section":"X-Fleet","value":"\#(value)"}"#
            }
            let pinned = fleet("MachineID", "m1")
            await hold(
                """
                > PUT /units/x {"options":[\(pinned)]}
                400 {"error":{"code":400,"message":"unit name must contain \\".\\""}}
                > PUT /units/x. {"options":[\(pinned)]}
                400 {"error":{"code":400,"message":"unit name cannot end in \\".\\""}}
                > PUT /units/x.conf {"options":[\(pinned)]}
                400 {"error":{"code":400,"message":"invalid unit type: \\"conf\\""}}
                > PUT /units/@x.service {"options":[\(pinned)]}
                400 {"error":{"code":400,"message":"unit name cannot start in \\"@\\""}}
                > PUT /units/x$.service {"options":[\(pinned)]}
                400 {"error":{"code":400,"message":"invalid character '$' in unit name"}}
                > PUT /units/x.service {"options":[\(pinned),\(fleet("MachineOf", "y.service"))]}
                400 {"error":{"code":400,"message":"MachineID cannot be used with Peers"}}
                > PUT /units/x.service {"options":[\(pinned),\(fleet("Global", "yes"))]}
                400 {"error":{"code":400,"message":"MachineID cannot be used with Global"}}
                > GET /units
                200 {}
                """,
                api,
            )
        }
    }
}
