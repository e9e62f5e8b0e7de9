"""network - the cables between the namespaces

DESCRIPTION
    The attacker's namespace is the router: every packet between the client
    and the servers, and among the servers, passes it, so whatever a host on
    the path can do can be done there.  To take over an address, the
    attacker needs no firewall rules:

        ip rule add iif client lookup 100
        ip route add local ADDRESS dev lo table 100

    delivers the client's packets for ADDRESS to the attacker's own sockets
    (with IP_TRANSPARENT set), while the attacker still reaches the real
    host by the main table; a route of type "blackhole" cuts it off.

    The interfaces exist inside the namespaces only; the host sees none.
"""

from . import netns
from . import plan as plans
from .plan import ROLES, ROUTER, SELF

MADE_DIR = "made-netns-dir"     # the lab made /run/netns
NET4, NET6 = 20, 64     # prefix lengths of a role


def _router_lines(role, space):
    four, six = plans.ipv4(role, ROUTER), plans.ipv6(role, ROUTER)
    dead4, dead6 = (plans.ipv4(role, plans.DEAD),
                    plans.ipv6(role, plans.DEAD))
    return [f"link add {role} type veth peer name eth0 netns {space}",
            f"addr add {four}/{NET4} dev {role}",
            f"addr add {six}/{NET6} dev {role} nodad",
            f"link set {role} up",
            f"route add blackhole {dead4}/{plans.DEAD_PREFIX4}",
            f"route add blackhole {dead6}/{plans.DEAD_PREFIX6}"]


def _host_lines(role, addresses):
    lines = ["link set lo up", "link set eth0 up"]
    for address in addresses:
        length = NET6 if ":" in address else NET4
        nodad = " nodad" if ":" in address else ""
        lines.append(f"addr add {address}/{length} dev eth0{nodad}")
    return lines + [
        f"route add default via {plans.ipv4(role, ROUTER)} "
        f"src {plans.ipv4(role, SELF)}",
        f"route add ::/0 via {plans.ipv6(role, ROUTER)} "
        f"src {plans.ipv6(role, SELF)}"]


def up(state, plan):
    spaces = {role: state.namespace(role) for role in ROLES}
    if netns.prepare():
        state.write(MADE_DIR, "")
    for space in spaces.values():
        netns.create(space)
    others = [role for role in ROLES if role != "attacker"]
    router = ["link set lo up"]
    for role in others:
        router += _router_lines(role, spaces[role])
    for address in plan.addresses("attacker"):
        length = 128 if ":" in address else 32
        router.append(f"addr add {address}/{length} dev lo")
    netns.sysctl(spaces["attacker"], {"net/ipv4/ip_forward": 1,
                                      "net/ipv6/conf/all/forwarding": 1})
    netns.ip(spaces["attacker"], router)
    for role in others:
        netns.ip(spaces[role], _host_lines(role, plan.addresses(role)))


def down(state):
    for space in netns.existing(state.prefix):
        netns.remove(space)
    if state.path(MADE_DIR).exists():
        try:
            netns.DIR.rmdir()
        except OSError:
            pass    # somebody else uses it by now
