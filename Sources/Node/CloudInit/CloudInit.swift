import Basics
import CloudConfig
import CloudConfigLoading
import Diagnostics
import Systemd

/// coreos-cloudinit: makes a machine what its user-data says.
package struct CloudInit: Sendable {
    /// The original whose behaviour this has, and whose successor it is.
    package static let version = "1.14.0+slipway"

    private let system: System
    /// Prints a line about something that went wrong.
    private let complain: @Sendable (String) -> Void

    package init(_ system: System, complain: @escaping @Sendable (String) -> Void) {
        self.system = system
        self.complain = complain
    }

    /// Does what the command line says.
    ///
    /// - Returns: the exit code: 0, 1 for a failure (or any finding of `-validate`), 2 for a command line that makes no
    ///   sense.
    package func run(_ arguments: [String]) async -> Int32 {
        let options: CloudInitOptions
        do {
            options = try CloudInitOptions(arguments: arguments)
        } catch {
            complain("\(error)\n\(CloudInitOptions.usage)")
            return 2
        }
        if options.printsHelp || options.printsVersion {
            system.say(options.printsHelp ? CloudInitOptions.usage : "coreos-cloudinit \(Self.version)")
            return 0
        }
        do {
            for note in options.notes { system.say(note) }
            let userData = try await SourceSearch(system: system).userData(from: options.sources)
            if options.validates { return validate(userData) }
            try await setUp(userData, options)
            return 0
        } catch {
            complain("\(error)")
            if error.code == .usage { return 2 }
            return options.ignoresFailure ? 0 : 1
        }
    }

    // MARK: Checking

    private func validate(_ userData: UserData) -> Int32 {
        let diagnostics = CloudConfigValidator.validate(userData.bytes, file: userData.file)
        for diagnostic in diagnostics {
            let line = diagnostic.location?.line ?? 0
            complain(
                "\(Timestamp.now) line \(line): \(level(diagnostic.severity)): \(diagnostic.message)"
            )
        }
        return diagnostics.isEmpty ? 0 : 1
    }

    private func level(_ severity: Diagnostic.Severity) -> String {
        severity == .note ? "info" : severity.rawValue
    }

    // MARK: Setting up

    private func setUp(_ userData: UserData, _ options: CloudInitOptions) async throws(NodeSetupError) {
        var executor = SetupExecutor(system)
        var stage = SetupResult.Stage.files
        do {
            // What an earlier run said must not be taken for this one's word.
            try system.files.remove(SetupResult.path)
            var plan = try plan(userData, options)
            var record: (store: ManifestStore, applied: AppliedManifest)?
            if UserDataKind(userData.bytes) == .cloudConfig {
                record = try takeBack(&plan, userData, &executor)
            }
            try await executor.perform(plan.preparation)
            if let record { try record.store.write(record.applied) }
            try report(SetupResult(stage: .files))
            try notifyReady()
            stage = .done
            try await executor.perform(plan.commands)
            try report(SetupResult(stage: .done, failedJobs: executor.failedJobs))
        } catch {
            let error = located(error, executor.current, userData)
            let result = SetupResult(
                stage: stage,
                failedJobs: executor.failedJobs,
                error: error.description
            )
            do {
                try report(result)
            } catch let second {
                complain("\(second)")
            }
            throw error
        }
    }

    /// Whether a port's unit is there that a version without a record may have written.
    private var hasUnrecordedPorts: Bool {
        SetupPlan.unrecorded.compactMap(\.path).contains { system.files.exists($0) }
    }

    /// Has a plan take back what the same source asked for before and does not any more, and records what it does: until
    /// it is done, also what was there before, so that a run that is cut off loses nothing of it.
    private func takeBack(
        _ plan: inout SetupPlan,
        _ userData: UserData,
        _ executor: inout SetupExecutor,
    ) throws(NodeSetupError) -> (store: ManifestStore, applied: AppliedManifest)? {
        let store = ManifestStore(system.files, source: userData.file)
        let before: SetupPlan.Before
        do {
            let users = try Accounts(system.files).users()
            before = .init(applied: try store.read(), others: try store.others(), users: users)
        } catch {
            system.say("\(error)")
            return nil
        }
        let (whole, applied) = plan.takingBack(
            before,
            isWhole: userData.isMachinesOwn && hasUnrecordedPorts
        )
        let old = before.applied?.items ?? []
        // A machine that a version without a record set up: its files are no originals.
        let isNew = before.applied != nil || !system.files.exists("/home/core/.ssh/authorized_keys.d")
        if isNew {
            let own = old.union(before.others.items).compactMap(\.path)
            executor.keepOriginals(in: store, own: Set(own))
        }
        try store.write(AppliedManifest(old.union(applied.items)))
        plan = whole
        return (store, applied)
    }

    /// The error with the line that asked for what failed.
    private func located(_ error: NodeSetupError, _ effect: Effect?, _ userData: UserData)
        -> NodeSetupError
    {
        guard let effect, UserDataKind(userData.bytes) == .cloudConfig else { return error }
        let place = EffectPlace(String(decoding: userData.bytes, as: UTF8.self), file: userData.file)
        guard let location = place.location(of: effect, isAboutOwner: error.code == .account) else {
            return error
        }
        return NodeSetupError(error.code, "\(location): \(error.message)", cause: error.cause)
    }

    private func plan(_ userData: UserData, _ options: CloudInitOptions) throws(NodeSetupError)
        -> SetupPlan
    {
        switch UserDataKind(userData.bytes) {
        case .cloudConfig: return try plan(cloudConfig: userData, options)
        case .script:
            // The machine gets its name and its keys from the metadata before the script runs.
            let base = plan(CloudConfig(), userData.metadata, options)
            return base.running(script: try substituted(userData).bytes, workspace: options.workspace)
        case .empty: return plan(CloudConfig(), userData.metadata, options)
        case .ignition:
            system.say("Detected an Ignition config. Exiting...")
            return SetupPlan()
        case .gzip, .unknown:
            throw NodeSetupError(
                .userData,
                "\(userData.file) is no user-data: its first line is neither #cloud-config nor #!"
            )
        }
    }

    private func plan(cloudConfig: UserData, _ options: CloudInitOptions) throws(NodeSetupError)
        -> SetupPlan
    {
        let (bytes, isText) = try substituted(cloudConfig)
        guard isText else { throw NodeSetupError(.userData, "\(cloudConfig.file) is not UTF-8 text") }
        let text = String(decoding: bytes, as: UTF8.self)
        let (config, diagnostics) = CloudConfigLoader.load(
            text,
            file: cloudConfig.file,
            mismatches: .warning
        )
        let report = DiagnosticRenderer().render(diagnostics, sources: [cloudConfig.file: text]).trimmed
        if diagnostics.hasErrors {
            throw NodeSetupError(
                .userData,
                "the cloud-config is wrong, and nothing was done",
                cause: "\n\(report)"
            )
        }
        if !report.isEmpty { system.say(report) }
        return plan(config, cloudConfig.metadata, options)
    }

    /// User-data with the machine's addresses in it; as it was where it is no text.
    private func substituted(_ userData: UserData) throws(NodeSetupError) -> (
        bytes: [UInt8], isText: Bool
    ) {
        guard let original = String(validating: userData.bytes, as: UTF8.self) else {
            return (userData.bytes, false)
        }
        let (text, unknown) = Substitution.apply(
            original,
            try addresses(userData.metadata.addresses, original)
        )
        for token in unknown {
            system.say("\(token) is not known on this machine and leaves nothing behind")
        }
        return (Array(text.utf8), true)
    }

    private func plan(_ config: CloudConfig, _ metadata: NodeMetadata, _ options: CloudInitOptions)
        -> SetupPlan
    {
        SetupPlan(config, metadata: metadata, hostname: system.hostname(), keyName: options.keyName)
    }

    /// What the datasource knows, then this program's environment, then `/etc/environment`.
    private func addresses(_ known: NodeAddresses, _ text: String) throws(NodeSetupError)
        -> NodeAddresses
    {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return known }
        var variables = VariableFile.values(in: try system.files.readText("/etc/environment") ?? "")
        variables.merge(system.environment) { $1 }
        return known.filled(from: NodeAddresses(environment: variables))
    }

    private func report(_ result: SetupResult) throws(NodeSetupError) {
        try system.files.write(SetupResult.path, Array(result.json.utf8))
    }

    private func notifyReady() throws(NodeSetupError) {
        do {
            try system.notifyReady()
        } catch {
            throw NodeSetupError(
                .systemd,
                "systemd does not hear that the machine is ready",
                cause: error.description
            )
        }
    }
}
