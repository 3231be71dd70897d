import ArgumentParser

/// The command `fleetctl`.
package struct Fleetctl: AsyncParsableCommand {
    /// Name, version and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "fleetctl",
        abstract: "Run systemd units on the machines of a cluster.",
        discussion: """
            fleetctl gives units to fleet, which decides where each of them runs, and moves it when its machine dies.

            A first session:
              fleetctl list-machines         the machines there are
              fleetctl start hello.service   submit ./hello.service and run it
              fleetctl list-units            what runs where
              fleetctl status hello          what systemd says, wherever it runs
              fleetctl journal -f hello      its log, as it grows
              fleetctl destroy hello         stop it and forget it

            A unit goes through three states: inactive (known to fleet), loaded (on a machine) and launched (running). \
            submit, load and start bring it up to each; stop, unload and destroy take it down again. Commands that \
            change units take patterns, such as 'hello@*'; those that create them take paths of unit files, and make \
            instances of a template (hello@1) from its file (hello@.service).

            A section [X-Fleet] in the unit file says where it may run: MachineMetadata=role=web, \
            Conflicts=hello@*.service, MachineOf=db.service, MachineID=…, Global=true. When no machine fits, start \
            says why.

            fleetctl talks to fleetd on this machine. From elsewhere, use --tunnel HOST (through ssh) or --endpoint; \
            each global option may also be set in the environment: --tunnel as FLEETCTL_TUNNEL, and so on. Options may \
            stand before or after the command, and a command may be shortened while it is unmistakable.

            More to read, with fleetctl help TOPIC:
            \(HelpTopic.list)
            """,
        subcommands: [
            UnitSubmit.self, UnitLoad.self, UnitStart.self, UnitStop.self, UnitUnload.self, UnitDestroy.self,
            UnitRestart.self, UnitUpdate.self, MachineDrain.self, MachineUndrain.self, ClusterRebalance.self,
            UnitList.self, UnitFileList.self, MachineList.self, UnitWhy.self, EventList.self, UnitStatusShow.self,
            UnitCat.self, UnitJournal.self, MachineSSH.self, UnitVerify.self, VersionShow.self,
            CompletionScript.self, SocketForward.self,
        ],
    )

    package init() {}
}
