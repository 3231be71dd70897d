#!/bin/sh
# etcdctl as units of CoreOS's days know it: version 2's words, options and output, unless ETCDCTL_API=3 or words that
# only version 3 has ask for the other. Words that both have are version 2's, unless an option is only version 3's. The
# program itself knows both.
# Certificates are given to version 2 and version 3 under different names: either will do, and so will the node's own.

program=/run/slipway/etcdctl
[ -x "$program" ] || program=/usr/lib/slipway/etcdctl.distrib
# shellcheck disable=SC3013 # not POSIX, and in dash and bash
if [ ! -x "$program" ] || [ "$program" -ef "$0" ]; then
    echo "etcdctl is not installed on this machine" >&2
    exit 127
fi

# The command and what follows it, past options and their values.
command='' second='' third='' only3='' endpoints='' certificates='' value=''
for word; do
    if [ -n "$value" ]; then
        value=''
        continue
    fi
    case $word in
    --)
        # watch KEY -- COMMAND
        [ "$command" != watch ] || only3=yes
        break
        ;;
    -?*)
        name=${word#-}
        name=${name#-}
        name=${name%%=*}
        case $name in
        C | D | o | u | peers | endpoint | output | username | timeout | total-timeout | ttl | swap-with-value | \
            swap-with-index | after-index | roles | path | peer-endpoint | data-dir | backup-dir | wal-dir | \
            backup-wal-dir | cert-file | key-file | ca-file | endpoints | discovery-srv) value=yes ;;
        w | write-out | limit | order | sort-by | rev | consistency | command-timeout | dial-timeout | keepalive-time | \
            keepalive-timeout | cacert | cert | key | user | password | discovery-srv-name | peer-urls) value=yes only3=yes ;;
        prefix | from-key | keys-only | print-value-only | count-only | hex | i | interactive | prev-kv | \
            progress-notify | learner | no-password | new-user-password | detail | insecure-transport | \
            insecure-skip-tls-verify | cluster) only3=yes ;;
        esac
        case $name in
        C | D | peers | endpoint | endpoints | discovery-srv) endpoints=yes ;;
        cert-file | key-file | ca-file | cert | key | cacert) certificates=yes ;;
        esac
        case $word in *=*) value='' ;; esac
        ;;
    *)
        if [ -z "$command" ]; then
            command=$word
        elif [ -z "$second" ]; then
            second=$word
        else
            third=$word
        fi
        ;;
    esac
done

case $command in
'' | get | watch | member | user | role | auth | help | h) api=2 ;;
set | rm | rmdir | ls | mk | mkdir | update | setdir | updatedir | exec-watch | backup | cluster-health | import)
    api=2 only3=''
    ;;
*) api=3 ;;
esac
case $command:$second in
member:promote | user:delete | user:grant-role | user:revoke-role | role:delete | role:grant-permission | \
    role:revoke-permission | auth:status) api=3 ;;
# A range of keys.
get:* | watch:*) [ -z "$third" ] || api=3 ;;
esac
[ -z "$only3" ] || api=3
api=${ETCDCTL_API:-$api}

# urls LIST: for version 2, which once took an address and a port for one.
urls() {
    [ "$api" != 3 ] || { echo "$1" && return; }
    echo "$1" | sed 's,^,\,,; s/,[[:space:]]*/,/g; s#,\([^,]*://\)#;\1#g; s#,#;http://#g; s/^;//; y/;/,/'
}

# Options that say the same to both versions, by the name that this one knows.
rest='' value=''
for word; do
    shift
    case $rest$value:$word in
    rest:*) ;;
    url:*) word=$(urls "$word") value='' ;;
    :--) rest=rest ;;
    :-?*)
        name=${word%%=*}
        case $name in
        -C | --peers | -peers | --endpoint | -endpoint | --endpoints | -endpoints) name=--endpoints value=url ;;
        esac
        case $api:$name in
        3:--ca-file | 3:-ca-file) name=--cacert ;;
        3:--cert-file | 3:-cert-file) name=--cert ;;
        3:--key-file | 3:-key-file) name=--key ;;
        3:--username | 3:-username | 3:-u) name=--user ;;
        3:--timeout | 3:-timeout | 3:--total-timeout | 3:-total-timeout) name=--command-timeout ;;
        3:--no-sync | 3:-no-sync) continue ;;
        2:--cacert) name=--ca-file ;;
        2:--cert) name=--cert-file ;;
        2:--key) name=--key-file ;;
        2:--user) name=--username ;;
        2:--command-timeout) name=--total-timeout ;;
        2:--dial-timeout) name=--timeout ;;
        esac
        case $value:$word in
        url:*=*) word=$name=$(urls "${word#*=}") value='' ;;
        *=*) word=$name=${word#*=} ;;
        *) word=$name ;;
        esac
        ;;
    esac
    set -- "$@" "$word"
done

# Certificates under the names of either version; else the node's own, where this user may read them.
ca=${ETCDCTL_CACERT:-${ETCDCTL_CA_FILE:-${ETCDCTL_TRUSTED_CA_FILE:-}}}
cert=${ETCDCTL_CERT:-${ETCDCTL_CERT_FILE:-}}
key=${ETCDCTL_KEY:-${ETCDCTL_KEY_FILE:-}}
tls=/etc/ssl/etcd
if [ -z "$certificates$ca$cert$key" ] && [ -r $tls/ca.pem ] && [ -r $tls/client.pem ] && [ -r $tls/client-key.pem ]; then
    ca=$tls/ca.pem cert=$tls/client.pem key=$tls/client-key.pem
fi
known=${ETCDCTL_ENDPOINTS:-${ETCDCTL_ENDPOINT:-${ETCDCTL_PEERS:-}}}
[ -z "$endpoints" ] || known=''
unset ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY ETCDCTL_CA_FILE ETCDCTL_TRUSTED_CA_FILE ETCDCTL_CERT_FILE \
    ETCDCTL_KEY_FILE ETCDCTL_ENDPOINTS ETCDCTL_ENDPOINT ETCDCTL_PEERS

# Version 3 refuses a setting that is both an option and in the environment.
in_environment() {
    [ -z "$2" ] || export "$1=$2"
}
if [ -n "$certificates" ]; then
    :
elif [ "$api" = 3 ]; then
    in_environment ETCDCTL_CACERT "$ca"
    in_environment ETCDCTL_CERT "$cert"
    in_environment ETCDCTL_KEY "$key"
else
    in_environment ETCDCTL_CA_FILE "$ca"
    in_environment ETCDCTL_CERT_FILE "$cert"
    in_environment ETCDCTL_KEY_FILE "$key"
    # Its own default is http.
    [ -z "$ca" ] || [ -n "$endpoints" ] || known=${known:-https://127.0.0.1:2379}
fi
in_environment ETCDCTL_ENDPOINTS "${known:+$(urls "$known")}"
export ETCDCTL_API="$api"
exec "$program" "$@"
