using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Conformance;

/// <summary>
/// Hand-made slices, hints and families (endpointslice.go, endpointslicemirroring.go, traffic_distribution.go, service_cidrs.go,
/// dual_stack.go).
/// </summary>
[Collection(typeof(ConformanceCollection))]
public sealed class SliceTests(ConformanceCluster lab)
{
    private static readonly string[] All = ["b", "d", "n1", "n2", "client"];
    private readonly TestCluster cluster = lab.Cluster;

    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Contract("1", "no selector: served, by slices made by hand")]
    [Theory]
    [MemberData(nameof(Families))]
    public void Two_ports_lead_to_two_pods_by_slices_of_their_own(Family family)
    {
        var service = lab.NewService();
        var manifest = service.Manifest with
        {
            Ports = [service.Manifest.Ports[0] with { Name = "one" },
                new("two", "TCP", 81, service.Manifest.Ports[0].TargetPort) { NodePort = service.NodePort + 300 }],
        };
        JsonNode[] first = [.. Slices(manifest, "1", ["one"], "a")], second = [.. Slices(manifest, "2", ["two"], "c")];
        var to = service.Address(cluster, Way.ClusterIP, family);
        var other = new IPEndPoint(IPEndPoint.Parse(to).Address, 81).ToString();

        lab.Put(manifest.Name, [manifest.Objects[0], .. first, .. second]);
        lab.Until("a", to, LoadMode.Tcp, All);
        lab.Until("c", other, LoadMode.Tcp, All);

        // One of the pods goes, then it is back and the other goes.
        lab.Put(manifest.Name, [manifest.Objects[0], .. second]);
        lab.Until("ECONNREFUSED", to, LoadMode.Tcp, All);
        lab.Until("c", other, LoadMode.Tcp, All);
        lab.Put(manifest.Name, [manifest.Objects[0], .. first]);
        lab.Until("a", to, LoadMode.Tcp, All);
        lab.Until("ECONNREFUSED", other, LoadMode.Tcp, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Slices_of_one_service_add_up_and_one_may_go(Family family)
    {
        var manifest = lab.NewService().Manifest;
        var to = new OutsideService(manifest).Address(cluster, Way.ClusterIP, family);
        JsonNode[] first = [.. Slices(manifest, "1", ["tcp", "udp"], "a", "c")],
        second = [.. Slices(manifest, "2", ["tcp", "udp"], "b", "c")];

        lab.Put(manifest.Name, [manifest.Objects[0], .. first, .. second]);
        lab.Until("a b c", to, LoadMode.Tcp, All);
        lab.Until("a b c", to, LoadMode.Udp, All);

        lab.Put(manifest.Name, [manifest.Objects[0], .. second]);
        lab.Until("b c", to, LoadMode.Tcp, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_Endpoints_object_is_served_as_its_mirror_would_be(Family family)
    {
        var manifest = lab.NewService().Manifest;
        var to = new OutsideService(manifest).Address(cluster, Way.ClusterIP, family);

        lab.Put(manifest.Name, manifest.Objects[0], Endpoints("a", "c"));
        lab.Until("a c", to, LoadMode.Tcp, All);

        lab.Put(manifest.Name, manifest.Objects[0], Endpoints("d"));
        lab.Until("d", to, LoadMode.Tcp, All);

        JsonObject Endpoints(params string[] pods) => new()
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Endpoints",
            ["metadata"] = new JsonObject { ["name"] = manifest.Name, ["namespace"] = manifest.Namespace },
            ["subsets"] = new JsonArray(new JsonObject
            {
                ["addresses"] = new JsonArray([.. cluster.Addresses(pods).Select(ip
                    => new JsonObject { ["ip"] = ip.ToString(), ["nodeName"] = manifest.NodeOf(ip) })]),
                ["ports"] = new JsonArray([.. manifest.Ports.Select(port
                    => new JsonObject { ["name"] = port.Name, ["protocol"] = port.Protocol, ["port"] = port.TargetPort })]),
            }),
        };
    }

    [Theory]
    [InlineData("forZones", "z1", "z2", Family.IPv4)]
    [InlineData("forZones", "z1", "z2", Family.IPv6)]
    [InlineData("forNodes", "n1", "n2", Family.IPv4)]
    [InlineData("forNodes", "n1", "n2", Family.IPv6)]
    public void Hints_keep_traffic_in_its_zone_or_node(string kind, string first, string second, Family family)
    {
        PutZones();
        var service = lab.Publish([]);
        PutHints(service, kind, ("a", first), ("c", second));

        foreach (var way in (Way[])[Way.ClusterIP, Way.ExternalIP, Way.LoadBalancerIP])
        {
            lab.Until("a", service.Address(cluster, way, family), LoadMode.Tcp, "a", "b", "n1", "client");
            lab.Until("c", service.Address(cluster, way, family), LoadMode.Tcp, "c", "d", "n2");
        }
        lab.Until("a", service.Address(cluster, Way.NodePortOfFirst, family), LoadMode.Tcp, "client");
        lab.Until("c", service.Address(cluster, Way.NodePortOfSecond, family), LoadMode.Tcp, "client");
    }

    [Theory]
    [InlineData("forZones", "z1")]
    [InlineData("forNodes", "n1")]
    public void Without_an_endpoint_for_the_own_zone_all_are_used(string kind, string hint)
    {
        PutZones();
        var service = lab.Publish([]);
        var to = service.Address(cluster, Way.ClusterIP, Family.IPv4);

        PutHints(service, kind, ("a", hint), ("c", hint));
        lab.Until("a c", to, LoadMode.Tcp, All);

        // Of these the first node uses one, and with a third that has no hint all.
        PutHints(service, kind, ("a", hint), ("c", "other"));
        lab.Until("a", to, LoadMode.Tcp, "b", "n1");
        lab.Until("a c", to, LoadMode.Tcp, "d", "n2");
        PutHints(service, kind, ("a", hint), ("c", "other"), ("d", null));
        lab.Until("a c d", to, LoadMode.Tcp, All);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void ClusterIPs_of_a_range_that_was_added_are_served(Family family)
    {
        var (old, added) = (lab.Publish(["a", "c"]), lab.NewService("a", "c"));
        added = added with
        {
            Manifest = added.Manifest with { ClusterIPs = [IPAddress.Parse("10.98.7.1"), IPAddress.Parse("fd00:10:98::71")] },
        };
        lab.Put("ranges", Range("kubernetes", "10.96.0.0/16", "fd00:10:96::/64"));
        lab.Until("a c", old.Address(cluster, Way.ClusterIP, family), LoadMode.Tcp, "b", "d", "n1", "n2");

        lab.Put("more-ranges", Range("more", "10.98.0.0/16", "fd00:10:98::/64"));
        lab.Manifests.Put(added.Manifest);

        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected])
        {
            foreach (var service in (OutsideService[])[old, added])
                lab.Until("a c", service.Address(cluster, Way.ClusterIP, family), mode, "b", "d", "n1", "n2");
        }
        lab.Manifests.Remove(added.Manifest.Name);

        static JsonObject Range(string name, params string[] cidrs) => new()
        {
            ["apiVersion"] = "networking.k8s.io/v1",
            ["kind"] = "ServiceCIDR",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject { ["cidrs"] = new JsonArray([.. cidrs.Select(cidr => (JsonNode)cidr)]) },
        };
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, false)]
    [InlineData(true, true, true)]
    public void A_service_answers_in_the_families_that_it_has(bool hasFour, bool hasSix, bool isSixFirst)
    {
        var service = lab.NewService("a", "c");
        IPAddress[] addresses = [.. service.Manifest.ClusterIPs.Where(ip
            => ip.AddressFamily == AddressFamily.InterNetwork ? hasFour : hasSix)];
        if (isSixFirst) addresses = [.. addresses.Reverse()];
        lab.Manifests.Put(service.Manifest with { Type = "NodePort", ExternalIPs = [], LoadBalancerIPs = [], ClusterIPs = addresses });

        foreach (var family in ConformanceCluster.Families)
        {
            var isServed = family == Family.IPv6 ? hasSix : hasFour;
            foreach (var way in (Way[])[Way.ClusterIP, Way.NodePortOfFirst, Way.NodePortOfSecond])
            {
                var to = service.Address(cluster, way, family);
                if (isServed) lab.Until("a c", to, LoadMode.Tcp, All);
                else if (way != Way.ClusterIP) lab.Until("ECONNREFUSED", to, LoadMode.Tcp, All);
            }
        }
    }

    /// <summary>Slices of both families for some ports of a service.</summary>
    private IEnumerable<JsonNode> Slices(Testing.Manifests.ServiceManifest manifest, string suffix, string[] ports, params string[] pods)
    {
        foreach (var slice in (
            manifest with { Endpoints = cluster.Addresses(pods), Ports = [.. manifest.Ports.Where(port => ports.Contains(port.Name))] })
            .Objects.Skip(1))
        {
            slice["metadata"]!["name"] = $"{slice["metadata"]!["name"]}-{suffix}";
            yield return slice;
        }
    }

    private void PutHints(OutsideService service, string kind, params (string Pod, string? Hint)[] endpoints)
    {
        var objects = (service.Manifest with { Endpoints = cluster.Addresses([.. endpoints.Select(e => e.Pod)]) }).Objects;
        foreach (var slice in objects.Skip(1))
        {
            foreach (var (endpoint, (_, hint)) in slice["endpoints"]!.AsArray().Zip(endpoints))
            {
                if (hint is not null) endpoint!["hints"] = new JsonObject { [kind] = new JsonArray(new JsonObject { ["name"] = hint }) };
            }
        }
        lab.Put(service.Manifest.Name, objects);
    }

    /// <summary>The first node is in zone z1, the second in z2.</summary>
    private void PutZones() => lab.Put("nodes", new[] { (cluster.First, "z1"), (cluster.Second, "z2") }.Select(pair => new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Node",
        ["metadata"] = new JsonObject
        {
            ["name"] = pair.Item1.Name, ["labels"] = new JsonObject { ["topology.kubernetes.io/zone"] = pair.Item2 },
        },
        ["status"] = new JsonObject
        {
            ["addresses"] = new JsonArray([.. ConformanceCluster.Families.Select(family
                => new JsonObject { ["type"] = "InternalIP", ["address"] = pair.Item1.Address(family) })]),
        },
    }));
}
