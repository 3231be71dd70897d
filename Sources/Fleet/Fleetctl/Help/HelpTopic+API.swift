extension HelpTopic {
    /// The reference of the HTTP API.
    static let api = HelpTopic(
        name: "api",
        summary: "the HTTP API: requests, objects, errors",
        text: """
            THE HTTP API

            fleetd serves it at /fleet/v1 (and at /v1-alpha, its old name) on /var/run/fleet.sock, or on the sockets
            that systemd opened for it, and where api_listen says. Every member of an object that is empty is left out.

              curl --unix-socket /var/run/fleet.sock http://fleet/fleet/v1/units

            REQUESTS
              GET    /units                  200, a page of units, by name
              GET    /units/NAME             200, or 404
              PUT    /units/NAME             201 created or replaced, 204 its desired state changed
              DELETE /units/NAME             204, or 404
              GET    /state                  200, a page of states; ?unitName= and ?machineID= choose
              GET    /state/NAME             200, one state, or 404
              GET    /machines               200, a page of machines, by id
              PATCH  /machines               204; changes metadata, all or nothing
              GET    /changes                200, {"revision": N}, at once; with ?since=N when something has changed
                                             since, or after ?wait= seconds, 30 at most and by default
              GET    /drains                 200, {"machines": [IDs]}: those that are being drained
              PUT    /drains/ID              204, or 404; DELETE ends it
              GET    /rebalance              200, {"mode": "off" | "once" | "automatic"}; PUT sets it, 204
              GET    /updates                200, {"updates": [...]}
              GET    /updates/NAME           200, how far an update has come, or 404
              PUT    /updates/NAME           201 begun, 204 aborted, 404 no such unit, 409 under way already
              DELETE /updates/NAME           204 forgotten, 404, 409 not over yet
              GET    /discovery              200, this description for programs, in Google's format
              GET    /metrics                (not below /fleet/v1) 200, Prometheus' text format

            OBJECTS
              unit     {"name", "options": [{"section", "name", "value"}], "desiredState", "currentState",
                       "machineID", "statusReason"}
                       States are inactive, loaded and launched. statusReason says why a unit that is wanted is on no
                       machine, or has to stay on one that is being drained. A global unit has no machineID.
              state    {"name", "hash", "machineID", "systemdLoadState", "systemdActiveState", "systemdSubState"}
              machine  {"id", "metadata": {}, "primaryIP"}
              update   {"name", "phase", "hash", "reason", "current", "waiting": [], "updated": []}
                       The phases are rolling, rollingBack, done, rolledBack and stopped.
              page     {"units" | "states" | "machines": [], "nextPageToken"}; an empty page is {}
              error    {"error": {"code", "message"}}

            CREATING AND CHANGING UNITS
              PUT takes a unit, with Content-Type: application/json (else 415). With options it creates the unit, or
              replaces one that has others; the name may be left out. With desiredState alone it changes that.
                400  the name, an option or the state is not valid, or a template is to run
                409  the unit does not exist and there are no options, or it exists and there is nothing to change
                413  the unit has more than a megabyte

            UPDATES
              PUT /updates/NAME takes {"options", "settleSeconds": 3, "timeoutSeconds": 60} and gives a unit, or the
              instances of a template one after the other, these options: each must run for settleSeconds within
              timeoutSeconds, or all get back the text they had. {"abort": true} gives it back at once.

            METADATA OF MACHINES
              PATCH takes [{"op": "add" | "replace" | "remove", "path": "/MACHINE/metadata/KEY", "value": "VALUE"}], at
              most 100 of them. {"value": "VALUE"} as the value does, too. What is set so goes over the machine's
              own metadata, and stays when the machine leaves and comes back.

            PAGES
              A page has 100 elements (token_limit). Send its nextPageToken as ?nextPageToken= for the next; the last
              has none. It is URL-safe base64 of two 16-bit numbers, least byte first: the limit and the page.

            WHO MAY ASK
              On the unix socket, whoever the socket's mode lets connect. api_writers limits to some users, and root,
              what changes anything; the kernel says who asks. Over TCP anybody who reaches the port, unless
              api_cafile is set: then only clients with a certificate of that authority. Nothing listens on TCP unless
              it is configured. Before the machine is registered with etcd every answer is 503.
            """,
    )
}
