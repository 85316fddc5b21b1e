using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Tests.Manifests;

public sealed class EndpointRulesTests : IDisposable
{
    private const string Good = "addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.244.0.1]}]";
    private readonly ManifestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private ManifestFolder WithSlice(string body) => folder.With(
        "s.yaml",
        $"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: "
            + $"web-1, labels: {{kubernetes.io/service-name: web}}}}\n{body}\n");

    [Theory]
    [InlineData("endpoints: []", "addressType: is needed; set it to IPv4, IPv6 or FQDN")]
    [InlineData("addressType: IP", "addressType: \"IP\" is not supported; use one of IPv4, IPv6, FQDN")]
    [InlineData("addressType: ipv4", "addressType: \"ipv4\" is not supported")]
    [InlineData("addressType: 4", "addressType: must be a string, not the number 4")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: []}]", "endpoints[0].addresses: an endpoint needs an address")]
    [InlineData("addressType: IPv4\nendpoints: [{nodeName: a}]", "endpoints[0].addresses: an endpoint needs an address")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0]}]", "endpoints[0].addresses[0]: \"10.244.0\" is not an IP address")]
    [InlineData(
        "addressType: IPv4\nendpoints: [{addresses: [\"fd00::1\"]}]", "endpoints[0].addresses[0]: fd00::1 is not IPv4 as addressType says")]
    [InlineData("addressType: IPv6\nendpoints: [{addresses: [10.244.0.1]}]",
        "endpoints[0].addresses[0]: 10.244.0.1 is not IPv6 as addressType says")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [127.0.0.1]}]", "endpoints[0].addresses[0]: 127.0.0.1 is a loopback address")]
    [InlineData("addressType: IPv6\nendpoints: [{addresses: [\"::1\"]}]", "endpoints[0].addresses[0]: ::1 is a loopback address")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [0.0.0.0]}]", "endpoints[0].addresses[0]: 0.0.0.0 is the unspecified address")]
    [InlineData(
        "addressType: IPv4\nendpoints: [{addresses: [169.254.169.254]}]", "endpoints[0].addresses[0]: 169.254.169.254 is link-local")]
    [InlineData("addressType: IPv6\nendpoints: [{addresses: [\"fe80::1\"]}]", "endpoints[0].addresses[0]: fe80::1 is link-local")]
    [InlineData(
        "addressType: IPv4\nendpoints: [{addresses: [224.0.0.251]}]", "endpoints[0].addresses[0]: 224.0.0.251 is link-local multicast")]
    [InlineData(
        "addressType: IPv6\nendpoints: [{addresses: [\"ff02::fb\"]}]", "endpoints[0].addresses[0]: ff02::fb is link-local multicast")]
    [InlineData("addressType: FQDN\nendpoints: [{addresses: [localhost]}]",
        "endpoints[0].addresses[0]: \"localhost\" is not a fully qualified domain name")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0.1], conditions: {ready: \"true\"}}]",
        "endpoints[0].conditions.ready: must be true or false, not a string")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0.1], nodeName: Node_1}]",
        "endpoints[0].nodeName: \"Node_1\": must be a lower case RFC 1123 subdomain")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0.1], hostname: a.b}]",
        "endpoints[0].hostname: \"a.b\": must be a lower case RFC 1123 label")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0.1], hints: {forZones: [{name: a}, {name: a}]}}]",
        "endpoints[0].hints.forZones[1].name: \"a\" is there already")]
    [InlineData("addressType: IPv4\nendpoints: [{addresses: [10.244.0.1], hints: {forZones: [{name: a b}]}}]",
        "endpoints[0].hints.forZones[0].name: \"a b\": must be empty or")]
    [InlineData("addressType: IPv4\nports: [{port: 80}, {port: 81}]", "ports[1].name: \"\" is the name of another port already")]
    [InlineData("addressType: IPv4\nports: [{name: A, port: 80}]", "ports[0].name: \"A\": must be a lower case RFC 1123 label")]
    [InlineData("addressType: IPv4\nports: [{port: 80, protocol: ICMP}]", "ports[0].protocol: \"ICMP\" is not supported")]
    [InlineData("addressType: IPv4\nports: [{port: http}]", "ports[0].port: must be a whole number, not a string")]
    public async Task A_slice_that_an_API_server_refuses_is_refused(string body, string reason)
    {
        var loaded = await WithSlice(body).LoadAsync();
        Assert.Contains($": EndpointSlice default/web-1: {reason}", Assert.Single(loaded.Errors));
        Assert.Empty(loaded.Snapshot.Services);
    }

    [Fact]
    public async Task A_slice_has_at_most_1000_endpoints_and_20000_ports_and_8_hints()
    {
        static string List(int count, Func<int, string> item) => $"[{string.Join(", ", Enumerable.Range(0, count).Select(item))}]";
        static string Address(int i) => $"{{addresses: [10.1.{i / 250}.{i % 250 + 1}]}}";

        Assert.Empty((await WithSlice($"addressType: IPv4\nendpoints: {List(1000, Address)}").LoadAsync()).Errors);
        Assert.Contains("endpoints: 1001 endpoints; 1000 are the most",
            Assert.Single((await WithSlice($"addressType: IPv4\nendpoints: {List(1001, Address)}").LoadAsync()).Errors));

        var ports = List(20001, i => $"{{name: p{i.ToString(CultureInfo.InvariantCulture)}, port: 80}}");
        Assert.Contains("ports: 20001 ports; 20000 are the most",
            Assert.Single((await WithSlice($"addressType: IPv4\nports: {ports}").LoadAsync()).Errors));

        var hints = List(9, i => $"{{name: z{i.ToString(CultureInfo.InvariantCulture)}}}");
        Assert.Contains("endpoints[0].hints.forZones: 9 hints; 8 are the most", Assert.Single((await WithSlice(
            $"addressType: IPv4\nendpoints: [{{addresses: [10.1.1.1], hints: {{forZones: {hints}}}}}]").LoadAsync()).Errors));

        var addresses = List(101, i => $"10.1.1.{i + 1}");
        Assert.Contains("endpoints[0].addresses: 101 addresses; 100 are the most", Assert.Single((await WithSlice(
            $"addressType: IPv4\nendpoints: [{{addresses: {addresses}}}]").LoadAsync()).Errors));
    }

    [Fact]
    public async Task A_slice_arrives_with_its_ports_conditions_node_and_hints()
    {
        var loaded = await WithSlice(
            """
            addressType: IPv4
            ports: [{name: http, port: 8080}, {name: metrics, port: 9090, protocol: UDP}]
            endpoints:
            - addresses: [10.244.0.1]
              nodeName: node-a
              hints: {forZones: [{name: zone-a}]}
            - addresses: [10.244.0.2]
              conditions: {ready: no, serving: yes, terminating: true}
            """).LoadAsync();
        Assert.Empty(loaded.Errors);
        var slice = Assert.Single(loaded.Entry("default", "web").Slices);
        Assert.Equal([new("http", TransportProtocol.Tcp, 8080), new("metrics", TransportProtocol.Udp, 9090)], slice.Ports);
        Assert.Equal(
            [
                new Endpoint(IpAddress.Parse("10.244.0.1"), EndpointConditions.Default, "node-a", new EndpointHints(["zone-a"], [])),
                new Endpoint(IpAddress.Parse("10.244.0.2"), EndpointConditions.Serving | EndpointConditions.Terminating),
            ],
            slice.Endpoints);
    }

    [Theory]
    [InlineData("addressType: IPv4\nports: [{name: http}]\nendpoints: []", "ports[0].port: a port without a number")]
    [InlineData("addressType: IPv4\nports: [{port: 70000}]\nendpoints: []",
        "ports[0].port: 70000 is not between 1 and 65535: the port is not served")]
    [InlineData("addressType: IPv4\nendpoint: []", "endpoint: the API has no such field")]
    public async Task What_a_proxy_leaves_out_of_a_slice_is_a_warning(string body, string warning)
    {
        var loaded = await WithSlice(body).LoadAsync();
        Assert.Contains(warning, Assert.Single(loaded.Warnings));
        Assert.Empty(loaded.Errors);
    }

    [Fact]
    public async Task A_slice_that_names_no_service_is_a_warning_and_not_used()
    {
        folder.With("s.yaml", $"apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: web-1}}\n{Good}\n");
        var loaded = await folder.LoadAsync();
        Assert.Contains("metadata: no label kubernetes.io/service-name: the slice belongs to no Service", Assert.Single(loaded.Warnings));
        Assert.Empty(loaded.Snapshot.Services);
    }

    [Fact]
    public async Task A_slice_of_an_old_version_says_which_to_use()
    {
        folder.With("s.yaml", $"apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {{name: web-1}}\n{Good}\n");
        Assert.Equal(
            "s.yaml:1:1: no matches for kind \"EndpointSlice\" in version "
                + "\"discovery.k8s.io/v1beta1\"; use apiVersion: discovery.k8s.io/v1",
            Assert.Single((await folder.LoadAsync()).Errors));
    }

    [Fact]
    public async Task An_Endpoints_object_becomes_a_slice_per_subset_and_family()
    {
        folder.With(
            "e.yaml",
            """
            apiVersion: v1
            kind: Endpoints
            metadata: {name: web}
            subsets:
            - addresses: [{ip: 10.244.0.1}, {ip: "fd00::1"}]
              notReadyAddresses: [{ip: 10.244.0.2}]
              ports: [{port: 80}]
            """);
        var slices = (await folder.LoadAsync()).Entry("default", "web").Slices;
        Assert.Equal([IpFamily.IPv4, IpFamily.IPv6], slices.Select(s => s.Family));
        Assert.Equal([EndpointConditions.Default, EndpointConditions.Serving], slices[0].Endpoints.Select(e => e.Conditions));
    }

    [Theory]
    [InlineData("- ports: [{port: 80}]", "subsets[0]: needs addresses or notReadyAddresses")]
    [InlineData("- addresses: [{hostname: a}]", "subsets[0].addresses[0].ip: an address needs an ip")]
    [InlineData("- addresses: [{ip: web}]", "subsets[0].addresses[0].ip: \"web\" is not an IP address")]
    [InlineData("- addresses: [{ip: 127.0.0.1}]", "subsets[0].addresses[0].ip: 127.0.0.1 is a loopback address")]
    [InlineData("- addresses: [{ip: 10.0.0.1}]\n  ports: [{port: 80}, {name: b, port: 81}]",
        "subsets[0].ports[0].name: ports of a subset with more than one need names")]
    [InlineData("- addresses: [{ip: 10.0.0.1}]\n  ports: [{name: a}]", "subsets[0].ports[0].port: a port needs a number")]
    [InlineData("- addresses: [{ip: 10.0.0.1}]\n  ports: [{port: 0}]", "subsets[0].ports[0].port: 0 is not between 1 and 65535")]
    public async Task An_Endpoints_object_that_an_API_server_refuses_is_refused(string subsets, string reason)
    {
        folder.With("e.yaml", $"apiVersion: v1\nkind: Endpoints\nmetadata: {{name: web}}\nsubsets:\n{subsets}\n");
        Assert.Contains($": Endpoints default/web: {reason}", Assert.Single((await folder.LoadAsync()).Errors));
    }

    [Fact]
    public async Task Of_several_nodes_the_own_one_is_taken()
    {
        folder.With(
            "nodes.yaml",
            $$"""
            apiVersion: v1
            kind: NodeList
            items:
            - metadata: {name: other}
            - metadata:
                name: {{ManifestFolder.NodeName}}
                labels: {topology.kubernetes.io/zone: zone-a}
              spec: {podCIDRs: [10.244.1.0/24, "fd00:1::/64"]}
              status: {addresses: [{type: Hostname, address: host}, {type: InternalIP, address: 192.0.2.1}]}
            """);
        var node = (await folder.LoadAsync()).Snapshot.Node!;
        Assert.Equal(
            new Node(ManifestFolder.NodeName, [IpAddress.Parse("192.0.2.1")], ["10.244.1.0/24", "fd00:1::/64"], "zone-a", false, []), node);
    }

    [Theory]
    [InlineData("metadata: {name: Node_1}", "metadata.name: \"Node_1\": must be a lower case RFC 1123 subdomain")]
    [InlineData("metadata: {name: node, namespace: default}", "metadata.namespace: this kind has no namespace")]
    [InlineData("metadata: {name: node}\nspec: {podCIDR: 10.244.0.0}", "spec.podCIDR: \"10.244.0.0\" is not a range")]
    [InlineData("metadata: {name: node}\nspec: {taints: [{effect: NoSchedule}]}", "spec.taints[0].key: must be a qualified name")]
    public async Task A_node_that_an_API_server_refuses_is_refused(string body, string reason)
    {
        folder.With("n.yaml", $"apiVersion: v1\nkind: Node\n{body}\n");
        Assert.Contains(reason, Assert.Single((await folder.LoadAsync()).Errors));
    }

    [Fact]
    public async Task An_address_of_a_node_that_is_none_is_a_warning()
    {
        folder.With(
            "n.yaml",
            "apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {addresses: [{type: InternalIP, address: 172.18.0.300}]}\n");
        Assert.Contains(
            "status.addresses[0].address: \"172.18.0.300\" is not an IP address", Assert.Single((await folder.LoadAsync()).Warnings));
    }
}
