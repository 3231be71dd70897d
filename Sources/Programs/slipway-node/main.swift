import Basics
import CloudInit
import Flannel
import Fleetctl
import Locksmith

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

// One program by all the names that CoreOS's had: most of each is the same runtime and the same client of etcd, which
// every node would else have five times, on disk and in memory.

@Sendable func complain(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}

func name(of arguments: [String]) -> Substring? { arguments.first?.split(separator: "/").last }

// By its own name it is told which one it is to be: `slipway-node fleetctl list-units`.
let isToldWhich = name(of: CommandLine.arguments) == "slipway-node"
let arguments = isToldWhich ? Array(CommandLine.arguments.dropFirst()) : CommandLine.arguments

switch name(of: arguments) {
case "coreos-cloudinit":
    StandardOutput.failWhenLost()
    exit(await CloudInit(.this(), complain: complain).run(Array(arguments.dropFirst())))
case "fleetctl":
    exit(await FleetctlMain.run(Array(arguments.dropFirst())))
case "fleetd":
    await runFleetd(Array(arguments.dropFirst()))
case "flanneld":
    StandardOutput.failWhenLost()
    await FlanneldCommand.run(arguments)
case "locksmithctl", "locksmithd", "boot-check":
    StandardOutput.failWhenLost()
    await LocksmithMain.run(arguments)
default:
    complain(
        """
        usage: slipway-node PROGRAM [ARGUMENT...], or a link to it by the name of a program: coreos-cloudinit, fleetctl,
        fleetd, flanneld, locksmithctl, locksmithd, boot-check
        """
    )
    exit(EX_USAGE)
}
