#!/usr/bin/env bash
# Two hosts in one machine: two network namespaces with a cable between them (veth), and mpiexec over both.
#
#     benchmarks/two_hosts.sh [RATE] command…      as root, with Debian's iproute2 and the MPICH of minigpt[mpi]
#     benchmarks/two_hosts.sh 1gbit python benchmarks/scaling.py --mpi
#
# RATE (1gbit, 100mbit, or "none") is what the cable carries in each direction. The hosts share the file system
# and nothing else of the network: what they say to each other goes through sockets. The command is started
# once on each host. mpiexec starts its helper on a host with a launcher, commonly ssh; here it is a script
# that enters the namespace.
set -euo pipefail
rate=$1
shift
python=$(command -v python)
mpiexec=${MPIEXEC:-$(dirname "$python")/mpiexec}
work=$(mktemp -d)
first=mg-first-$$ second=mg-second-$$

clear_away() {
    ip netns del "$first" 2>/dev/null || true
    ip netns del "$second" 2>/dev/null || true
    rm -rf "$work"
}
trap clear_away EXIT

ip netns add "$first"
ip netns add "$second"
ip link add eth0 netns "$first" type veth peer name eth0 netns "$second"
for end in "$first eth0 10.77.0.1" "$second eth0 10.77.0.2"; do
    read -r host device address <<<"$end"
    ip -n "$host" address add "$address/24" dev "$device"
    ip -n "$host" link set "$device" up
    ip -n "$host" link set lo up
    if [ "$rate" != none ]; then
        ip netns exec "$host" tc qdisc add dev "$device" root tbf rate "$rate" burst 1mb latency 50ms
    fi
done

for host in "$first" "$second"; do  # a cable takes a moment until it carries
    until ip -n "$host" link show eth0 | grep -q "state UP"; do sleep 0.1; done
done

# mpiexec calls it as it would call ssh: options, the host, and the command.
cat >"$work/launcher" <<LAUNCHER
#!/usr/bin/env bash
while [[ \$1 == -* ]]; do shift; done
case \$1 in 10.77.0.1) host=$first ;; 10.77.0.2) host=$second ;; *) echo "no host \$1" >&2; exit 1 ;; esac
shift
exec ip netns exec "\$host" bash -c "\$*"
LAUNCHER
chmod +x "$work/launcher"

# Over TCP: the memory that two processes of one machine would share is not shared between two hosts.
ip netns exec "$first" env UCX_TLS=tcp,self UCX_NET_DEVICES=eth0 MPIR_CVAR_NOLOCAL=1 "$mpiexec" -launcher ssh -launcher-exec "$work/launcher" \
    -hosts 10.77.0.1,10.77.0.2 -localhost 10.77.0.1 -ppn 1 -n 2 "$@"
carried=$(ip netns exec "$first" cat /sys/class/net/eth0/statistics/tx_bytes)
echo "carried from the first host to the second: $carried bytes"
