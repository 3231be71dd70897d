import Diagnostics
import TestKit
import Testing
import TopologyLoading

@Suite struct ManyMistakesTests {
    private static let text = """
        name: Prod_1
        defualts: {cpus: 2}
        network:
          cidr: 10.71.3.7/24
          mode: bridged
        fleet: {machine_ttl: 5}
        docker: {tcp: yes, registry_mirrors: ["10.71.3.1:5000"]}
        ssh_authorized_keys: [hunter2]
        roles:
          central:
            count: 4
            etcd: member
            metadata: {role: central}
          worker:
            count: 0
            etcd: proxy
            memory: 64MiB
            disk: 10GB
            metadata: {role: worker, group: "web, db"}
          worker: {count: 2}
        units:
          - file: units/helo.service
          - file: units/web@.service
          - file: units/hello.service
            instances: 3
            state: launch
          - units/hello.service
          - {file: units/broken.service, instnaces: 1}
        """

    private static let files = MemoryFiles([
        "t/units/hello.service": "[Service]\nExecStart=/bin/true\n",
        "t/units/web@.service": "[Service]\nExecStart=/bin/true\n",
        "t/units/broken.service": "[Service\nExecStart=/bin/true\n\n[X-Fleet]\nMachineMetadata=role\n",
    ])

    @Test func allAreReportedAtOnce() {
        let loaded = TopologyLoader(files: Self.files).load(Self.text, file: "t/prod.yaml")
        #expect(loaded.topology == nil)
        let text = DiagnosticRenderer().render(loaded.diagnostics, sources: loaded.sources)
        #expect(text == Self.golden)
    }

    private static let golden = """
        t/prod.yaml:1:7: error: the topology's name "Prod_1" must start with a lower-case letter
         1 | name: Prod_1
           |       ^~~~~~
            note: did you mean "prod-1"?
        t/prod.yaml:2:1: error: unknown key "defualts" in the topology
         2 | defualts: {cpus: 2}
           | ^~~~~~~~
            note: did you mean "defaults"?
        t/prod.yaml:4:9: error: 10.71.3.7/24 is an address within a network
         4 |   cidr: 10.71.3.7/24
           |         ^~~~~~~~~~~~
            note: did you mean 10.71.3.0/24?
        t/prod.yaml:5:9: error: "mode" cannot be "bridged"
         5 |   mode: bridged
           |         ^~~~~~~
            note: valid: nat, isolated
        t/prod.yaml:6:22: error: "5" is not a duration such as 5s or 1m
         6 | fleet: {machine_ttl: 5}
           |                      ^
            note: did you mean 5s?
        t/prod.yaml:7:15: error: expected true or false for "tcp", found the text "yes"
         7 | docker: {tcp: yes, registry_mirrors: ["10.71.3.1:5000"]}
           |               ^~~
            note: write true or false, without quotes
        t/prod.yaml:7:39: error: "10.71.3.1:5000" is not the URL of a registry
         7 | docker: {tcp: yes, registry_mirrors: ["10.71.3.1:5000"]}
           |                                       ^~~~~~~~~~~~~~~~
            note: did you mean http://10.71.3.1:5000 or https://10.71.3.1:5000?
        t/prod.yaml:8:23: error: this is not an OpenSSH public key
         8 | ssh_authorized_keys: [hunter2]
           |                       ^~~~~~~
            note: it is one line, such as `ssh-ed25519 AAAA… me@example`
        t/prod.yaml:11:12: warning: 4 etcd members survive one failure, as 3 would: an odd number is better
         11 |     count: 4
            |            ^
            note: members | majority | failures tolerated
                        1 |        1 |                  0
                        2 |        2 |                  0
                        3 |        2 |                  1
                        4 |        3 |                  1   <- this file
                        5 |        3 |                  2
                        6 |        4 |                  2
                        7 |        4 |                  3
                        8 |        5 |                  3
                        9 |        5 |                  4
        t/prod.yaml:15:12: error: role "worker" needs at least one node, not 0
         15 |     count: 0
            |            ^
            note: remove the role if no node shall have it
        t/prod.yaml:17:13: error: 64MiB of memory is too little for a node; 128MiB is the least
         17 |     memory: 64MiB
            |             ^~~~~
        t/prod.yaml:18:11: error: "10GB" is not a size such as 512MiB or 10GiB
         18 |     disk: 10GB
            |           ^~~~
            note: did you mean 10GiB?
        t/prod.yaml:18:11: warning: disk has no effect: the nodes of role "worker" are containers, which share the host's
         18 |     disk: 10GB
            |           ^~~~
            note: it counts for virtual machines (runtime: vm)
        t/prod.yaml:19:37: error: the metadata value "web, db" contains `,`, which fleet's metadata cannot
         19 |     metadata: {role: worker, group: "web, db"}
            |                                     ^~~~~~~~~
        t/prod.yaml:20:3: error: duplicate key "worker"
         20 |   worker: {count: 2}
            |   ^~~~~~
            note: it is set first at line 14; only the last one counts
        t/prod.yaml:22:11: error: there is no unit file t/units/helo.service
         22 |   - file: units/helo.service
            |           ^~~~~~~~~~~~~~~~~~
            note: did you mean units/hello.service?
        t/prod.yaml:23:11: error: web@.service is a template, and needs "instances"
         23 |   - file: units/web@.service
            |           ^~~~~~~~~~~~~~~~~~
            note: `instances: 2` makes web@1 and web@2; names are given as `[blue, green]`
        t/prod.yaml:25:16: error: hello.service is not a template, and has no instances
         25 |     instances: 3
            |                ^
            note: a template's name ends in @, as in hello@.service
        t/prod.yaml:26:12: error: "state" cannot be "launch"
         26 |     state: launch
            |            ^~~~~~
            note: did you mean "launched"?
            note: valid: inactive, loaded, launched
        t/prod.yaml:27:5: error: expected a mapping for a unit, found the text "units/hello.service"
         27 |   - units/hello.service
            |     ^~~~~~~~~~~~~~~~~~~
            note: write `file: units/hello.service`
        t/prod.yaml:28:34: error: unknown key "instnaces" in a unit
         28 |   - {file: units/broken.service, instnaces: 1}
            |                                  ^~~~~~~~~
            note: did you mean "instances"?
        t/units/broken.service:1:1: error: the section name has no closing ]
         1 | [Service
           | ^~~~~~~~
        t/units/broken.service:5:17: warning: "role" is not key=value, and fleet ignores it
         5 | MachineMetadata=role
           |                 ^~~~
            note: write it as MachineMetadata=region=us

        """
}
