extension HelpTopic {
    /// The reference of unit files.
    static let units = HelpTopic(
        name: "units",
        summary: "how unit files are written: names, templates, [X-Fleet]",
        text: """
            UNIT FILES

            A unit file is a systemd unit file with an optional section [X-Fleet], which says on which machines the
            unit may run. fleet reads that section; systemd ignores it.

              [Unit]
              Description=Web server %i
              After=docker.service

              [Service]
              ExecStartPre=-/usr/bin/docker rm -f web-%i
              ExecStart=/usr/bin/docker run --rm --name web-%i nginx
              ExecStop=/usr/bin/docker stop web-%i
              Restart=always

              [X-Fleet]
              Conflicts=web@*.service
              MachineMetadata=role=web

            A command must stay in the foreground: "docker run -d" leaves systemd nothing to supervise.

            NAMES
              NAME.SUFFIX, at most 256 bytes of letters, digits and : _ . \\ @ -. The suffixes are service, socket,
              timer, path, target, mount, automount, swap, device, slice, scope, snapshot and busname. fleetctl adds
              .service to a name without a suffix it knows.
              name@.service is a template: it is submitted but never runs. name@1.service is an instance of it; when
              fleet has no such unit, fleetctl start makes it from, in this order, the file name@1.service, the
              template fleet has, and the file name@.service.

            SYNTAX
              Sections may be repeated; their parts are joined. A line is NAME=VALUE, spaces around both are dropped.
              Lines that begin with # or ; are comments, but not within a continued value. A line that ends in a
              backslash is continued on the next; backslash and newline stay in the value, and systemd joins them.
              No line has more than 2048 bytes. A value may contain no newline without a backslash before it.
              Two units are the same when their options are: comments and spacing do not count in the hash.

            THE SECTION [X-FLEET]
              MachineID=ID             only on the machine with this id, or with an id that begins with these 8 digits
              MachineOf=UNIT           only where UNIT is; several: all of them, each in a line of its own; of a
                                       pattern, such as db@*.service, one unit that matches is enough
              MachineMetadata=KEY=VALUE
                                       only where the machine's metadata has it; several keys: all of them; several
                                       values of one key: one of them
              Conflicts=PATTERN        never where a unit is whose name matches, nor the other way round; the unit
                                       itself never counts
              Replaces=PATTERN         units that match make room: they move to another machine
              Global=true              on every machine that fits, the machines that join later too
              PreferMachineMetadata=KEY=VALUE
                                       rather where the metadata has it; elsewhere when no such machine takes the unit
              PreferApart=PATTERN      rather not where a unit is whose name matches, nor the other way round
              Weight=N                 counts as N units (0 to 1000) when the load of machines is compared; without it
                                       a unit counts 1, or 1 for each tenth of the machine's memory or processors
                                       that MemoryMax= or CPUQuota= in [Service] allow it

              Several values in one line are each put in quotes: MachineMetadata="zone=a" "zone=b". Conflicts takes
              them separated by spaces, too. In patterns * stands for any characters, ? for one, [a-c] and [^x] for
              one of a set, and a backslash takes the next character as it is.
              Specifiers: %n the whole name, %N the name without suffix, %p what precedes the @, %i what follows it.

              These exclude one another: MachineID with MachineOf, Conflicts, Global or Replaces; Global with
              MachineOf or Replaces; Conflicts with Replaces; MachineOf with a unit that Conflicts or Replaces match.
              The old names X-ConditionMachineID, X-ConditionMachineBootID, X-ConditionMachineOf,
              X-ConditionMachineMetadata and X-Conflicts still work.

            CHECKING
              fleetctl verify FILE… shows every mistake with its line; with --systemd systemd's own check runs, too.
              fleetctl why UNIT says what each machine says to a unit.
            """,
    )
}
