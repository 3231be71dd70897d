import UnitFiles

/// Dependencies of a command; everything that reaches outside can be replaced in tests.
package struct FleetContext: Sendable {
    /// Client of fleet's API.
    package var client: FleetClient
    /// Standard output and standard error.
    package var console: Console
    /// Clock for waiting.
    package var pause: Pause
    /// Runner of other programs.
    package var runner: any ProcessRunner
    /// Settings of the command line and the environment.
    package var settings: FleetctlSettings
    /// The id of the machine this runs on; nil when it has none.
    package var localMachineID: String?
    /// True where a person can be asked: the process has a terminal.
    package var isInteractive: Bool
    /// The time, as people and programs read it.
    package var now: @Sendable () -> String
    /// The text of a file; nil when there is no such file.
    package var readFile: @Sendable (_ path: String) throws -> String?

    package init(
        client: FleetClient,
        console: Console,
        pause: Pause,
        runner: any ProcessRunner,
        settings: FleetctlSettings,
        localMachineID: String? = nil,
        isInteractive: Bool = false,
        now: @escaping @Sendable () -> String = { "" },
        readFile: @escaping @Sendable (_ path: String) throws -> String? = { _ in nil },
    ) {
        self.client = client
        self.console = console
        self.pause = pause
        self.runner = runner
        self.settings = settings
        self.localMachineID = localMachineID
        self.isInteractive = isInteractive
        self.now = now
        self.readFile = readFile
    }
}
