import Cgroups
import Glibc

// Process 1 of a container node until systemd takes over, and, on the host, what removes the cgroups of stopped nodes:
//
//   slipway-node-init [ARG…]                    makes the node's root and goes on as /sbin/init ARG…
//   slipway-node-init --remove-cgroup NAME…     kills what is in the cgroups of that name and removes them
//
// Linked without Foundation, because it runs before there is anything to rely on.

let arguments = Array(CommandLine.arguments.dropFirst())
let report = arguments.first == "--remove-cgroup" ? Report(log: -1) : Report.opened()

do throws(Failure) {
    if arguments.first == "--remove-cgroup" {
        try CgroupRemoval.removeCgroups(named: Array(arguments.dropFirst()))
    } else {
        try KernelSettings.apply(scratch: NodeLayout.contract.root)
        try NodeRoot(layout: .contract).enter()
        try NodeCgroup(name: NodeCgroup.nameFromEnvironment()).enter()
        try MemoryInfo.uncover()
        raiseFileLimit()
        try NodeConsole.leave()
        try handOver(to: "/sbin/init", arguments: arguments)
    }
} catch {
    report.failure(error)
    // libvirt misses the end of a container that ends while it is still being started, and calls it running for ever.
    if getpid() == 1 {
        sleep(1)
    }
    exit(1)
}
