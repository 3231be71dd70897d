extension HelpTopic {
    /// Differences from the original that its users have to know.
    static let differences = HelpTopic(
        name: "differences",
        summary: "what differs from CoreOS's fleet 1.0, and why",
        text: """
            DIFFERENCES FROM COREOS'S FLEET 1.0

            The unit files, the commands with their output, and the API are the same, but for what follows.

            STATE
              It is in etcd v3, not v2, below the same prefix but in another layout: leases for machines and the
              leader, transactions for every change, one watch in the place of polling. So the two cannot share a
              cluster. --driver etcd reads and writes that state, and its endpoints are those of etcd v3.
              A destroyed unit leaves nothing behind. Machines come back at once after a restart.
              SIGTERM ends fleetd and leaves its units running; a fleetd that is started again takes over. Only when
              the machine goes down, or on SIGUSR2, does it leave the cluster and stop its units. Trouble with etcd
              stops no running unit.
              A machine that is cut off from etcd for longer than its TTL keeps its units running while they start
              elsewhere, and stops them when it reads etcd again: only so can a unit run twice.
              Where within one TTL more than two machines and more than a third of all fall silent, their units stay
              where they are, for ten TTLs at most. (They were started on the others, as many as those were.)

            API
              A desiredState other than inactive, loaded and launched is refused with 400. (It was stored, and the unit
              could then be neither read nor removed.)
              GET /state/NAME of an unknown unit is 404. (The connection was closed.)
              A template cannot be created with a desiredState of loaded or launched.
              Options that cannot be written as a unit file, such as a newline within a value, are refused. (They
              became lines of their own.) Units have at most a megabyte, metadata at most 4096 bytes a value.
              PATCH /machines takes plain values as its documentation always said, and is one transaction.
              statusReason is new: why a unit is on no machine, or not as it is wanted on its machine, in systemd's
              words; and a unit state's outcome: done or stopped. So are /changes, /drains, /rebalance and
              /updates, TLS, api_listen and api_writers.

            FLEETCTL
              restart stops and starts units. (It said so and did nothing.) The original's restart does so here, too.
              start of a unit that is launched, but failed or was stopped, starts it; of one that is still starting,
              it waits. (It did nothing.) Units that stop with another one, by BindsTo=, Requires= or PartOf=, are
              started again with it. (They stayed down.)
              start waits, for up to a minute, until a unit runs, or failed, or was through; and says at once why no
              machine takes it, or systemd does not start it. (It gave up after two seconds, or waited for ever.) Of a
              unit that does not run, the last lines of its log follow on standard error.
              A unit with the name of one that its machine has of its own is refused. (It took its place.)
              --no-block of destroy does not wait. (It waited with the flag, and not without.)
              restart --no-block waits for the stop, too, and not for the start.
              stop and unload take down units that were never placed, and patterns such as 'web@*'.
              -l, -f and -A work as documented.
              An unknown command or option, too many arguments, submit --replace of a unit that is launched and restart
              of one that is inactive end with 1, not 0. A mistake in a script is not taken for success.
              status and journal of a unit that is on no machine say why and end with 3, as systemctl does. (1.)
              Errors have texts of their own, but for those that scripts are known to look for. A boolean option with a
              value that is neither true nor false is refused, and so are a malformed pattern, and a MachineOf that
              names no unit: such a unit could never run. MachineMetadata that is not key=value is ignored, with a
              warning. (All were ignored.)
              When a signal ends fleetctl, the ssh that it runs, and a tunnel, end with it.
              verify checks unit files. (It was for signatures, and gone.)
              ssh, status, journal and --tunnel run OpenSSH with your own configuration, agent and known hosts, beside
              which --ssh-config FILE may stand. A host key that is not known yet is taken and remembered; one that
              has changed is refused.
              New: --json on every list, list-units --watch, why, events, completion,
              drain, undrain, rebalance, update. Lists take the field reason, list-units also outcome, which says
              "done" of a oneshot that is through, where systemd says "inactive".

            FLEETD
              /metrics has names of its own beside the original's fleet_engine_… An unknown setting is reported in
              the log, and ignored as it was; one with a value that it cannot have is an error. (Some were ignored.)
              The original's fleetctl logs in to machines by RSA keys with SHA-1 only, which OpenSSH 8.8 and later
              refuse: use an ed25519 key, or add PubkeyAcceptedAlgorithms +ssh-rsa to the machines' sshd_config.

            SCHEDULING
              The same rules, decided at once and for all units together: a chain of MachineOf is placed in one pass,
              a circle is reported, and Replaces comes to rest. Machines are compared by the weights of their units,
              not their number, which is the same while no unit has a weight. MachineOf takes patterns;
              PreferMachineMetadata, PreferApart and Weight are new. Units of one machine are started in the order
              of their After= and Requires=.
            """,
    )
}
