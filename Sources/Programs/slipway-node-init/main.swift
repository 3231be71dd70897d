import Cgroups
import Glibc
import NodeBoot

// Process 1 of a container node until systemd takes over, and, on the host, what removes the cgroups of stopped nodes:
//
//   slipway-node-init [ARG…]                    chooses an image, makes the node's root and goes on as /sbin/init ARG…
//   slipway-node-init --watch-boot SECONDS      goes back to the image before where the node is not well in time
//   slipway-node-init --remove-cgroup NAME…     kills what is in the cgroups of that name and removes them
//
// Linked without Foundation, because it runs before there is anything to rely on.

let arguments = Array(CommandLine.arguments.dropFirst())
let isInit = getpid() == 1
let report = isInit ? Report.opened() : Report(log: -1)
/// Directory of the boot record: where the container has it, and then where the node's root has it.
var bootDirectory = BootDirectory("\(NodeLayout.contract.node)/boot")
var trial: BootTrial?

do throws(Failure) {
    switch arguments.first {
    case "--remove-cgroup":
        try CgroupRemoval.removeCgroups(named: Array(arguments.dropFirst()))
    case BootTrial.option:
        BootTrial(within: arguments.dropFirst().first.flatMap { Int($0) } ?? 0).watch()
    default:
        var layout = NodeLayout.contract
        try KernelSettings.apply(scratch: layout.root)
        if let choice = BootChoice.make(node: layout.node, images: layout.images, at: time(nil), report: report.note) {
            (layout.image, layout.layer) = (choice.root, choice.layer)
            trial = choice.trial.map { BootTrial(within: $0) }
        }
        try NodeRoot(layout: layout).enter()
        bootDirectory = BootDirectory()
        try NodeCgroup(name: NodeCgroup.nameFromEnvironment()).enter()
        try MemoryInfo.uncover()
        raiseFileLimit()
        try ContainerConsole.leave()
        try trial?.begin()
        try handOver(to: "/sbin/init", arguments: arguments)
    }
} catch {
    report.failure(error)
    // libvirt misses the end of a container that ends while it is still being started, and calls it running for ever.
    if isInit { sleep(1) }
    if let trial {
        trial.giveUp(bootDirectory, because: error.message)
        BootTrial.reboot()
    }
    exit(1)
}
