using System.Text.Json.Nodes;
using EbpfLb.Testing.Netns;

namespace EbpfLb.E2E.Cni;

/// <summary>A port of the node that is a pod's.</summary>
/// <param name="HostIP">The one address of the node that it is on; null: all.</param>
internal sealed record HostPort(int Port, int ContainerPort, string Protocol, string? HostIP = null)
{
    public JsonObject Json
    {
        get
        {
            var json = new JsonObject { ["hostPort"] = Port, ["containerPort"] = ContainerPort, ["protocol"] = Protocol };
            if (HostIP is not null) json["hostIP"] = HostIP;
            return json;
        }
    }

    /// <summary>Of TCP and UDP.</summary>
    public static IReadOnlyList<HostPort> Both(int port, int containerPort, string? hostIP = null)
        => [new(port, containerPort, "tcp", hostIP), new(port, containerPort, "udp", hostIP)];
}

/// <summary>Configurations of plugins, in the order of a conflist, for pods of the first node of a test.</summary>
internal sealed record CniNetwork(params IReadOnlyList<JsonObject> Plugins)
{
    public const string Version = "1.0.0";

    /// <summary>As a conflist.</summary>
    public string Text => new JsonObject
    {
        ["cniVersion"] = Version, ["name"] = "pods", ["plugins"] = new JsonArray([.. Plugins.Select(p => p.DeepClone())]),
    }.ToJsonString();

    /// <summary>As many pods has a node at once: where all are there but one, the next one has that one's addresses.</summary>
    public const int MostPods = 6;

    public static JsonObject Loopback => new() { ["cniVersion"] = Version, ["name"] = "lo", ["type"] = "loopback" };

    /// <summary>All pods of the node are ports of one bridge, which has the gateway's addresses.</summary>
    public static JsonObject Bridge(bool isHairpin = true, bool isPromiscuous = false) => new()
    {
        ["type"] = "bridge", ["bridge"] = "cni0", ["isGateway"] = true, ["ipMasq"] = true, ["hairpinMode"] = isHairpin,
        ["promiscMode"] = isPromiscuous, ["ipam"] = HostLocal(Pods4, Pods6),
    };

    /// <summary>A veth pair and a route for each pod.</summary>
    public static JsonObject Ptp => new() { ["type"] = "ptp", ["ipMasq"] = true, ["ipam"] = HostLocal(Pods4, Pods6) };

    /// <summary>Each pod has a device on the node's uplink, addresses of that network, and routes to pods of the other node.</summary>
    public static JsonObject Macvlan => new()
    {
        ["type"] = "macvlan", ["master"] = "eth0", ["mode"] = "bridge",
        ["ipam"] = HostLocal(
            Range("172.18.0.0/24", "172.18.0.100", "172.18.0.110", RouterNetns.GatewayV4),
            Range("fd00:172:18::/64", "fd00:172:18::100", "fd00:172:18::110", RouterNetns.GatewayV6),
            Route("10.244.1.0/24", "172.18.0.2"), Route("fd00:10:244:1::/64", "fd00:172:18::2")),
    };

    /// <param name="setMarkChain">externalSetMarkChain; null: chains of its own masquerade.</param>
    public static JsonObject PortMap(string? setMarkChain = null)
    {
        var json = new JsonObject
        {
            ["type"] = "portmap", ["snat"] = true, ["capabilities"] = new JsonObject { ["portMappings"] = true },
            // All but one address of the node, which is nobody's here: rules have conditions of the configuration's.
            ["conditionsV4"] = new JsonArray("!", "-d", "192.0.2.1"), ["conditionsV6"] = new JsonArray("!", "-d", "2001:db8:ffff::1"),
        };
        if (setMarkChain is not null) json["externalSetMarkChain"] = setMarkChain;
        return json;
    }

    public static JsonObject Firewall => new() { ["type"] = "firewall", ["backend"] = "iptables" };

    private static JsonObject Pods4 => Range("10.244.0.0/24", "10.244.0.2", $"10.244.0.{MostPods + 1}", "10.244.0.1");

    private static JsonObject Pods6 => Range("fd00:10:244::/64", "fd00:10:244::2", $"fd00:10:244::{MostPods + 1}", "fd00:10:244::1");

    private static JsonObject Range(string subnet, string first, string last, string gateway)
        => new() { ["subnet"] = subnet, ["rangeStart"] = first, ["rangeEnd"] = last, ["gateway"] = gateway };

    private static JsonObject Route(string range, string? gateway = null)
    {
        var json = new JsonObject { ["dst"] = range };
        if (gateway is not null) json["gw"] = gateway;
        return json;
    }

    private static JsonObject HostLocal(JsonObject range4, JsonObject range6, params IReadOnlyList<JsonObject> routes) => new()
    {
        ["type"] = "host-local", ["ranges"] = new JsonArray(new JsonArray(range4), new JsonArray(range6)),
        ["routes"] = new JsonArray([Route("0.0.0.0/0"), Route("::/0"), .. routes]),
    };
}
