import Basics
import Flannel
import Locksmith

// One program by the names locksmithctl, locksmithd and flanneld: most of each is the same client of etcd, which every
// node would else have twice.
StandardOutput.failWhenLost()
if CommandLine.arguments.first?.split(separator: "/").last == "flanneld" {
    await FlanneldCommand.run(CommandLine.arguments)
} else {
    await LocksmithMain.run(CommandLine.arguments)
}
