using System.Net;
using System.Text.Json.Nodes;
using EbpfLb.Testing;
using EbpfLb.Testing.ApiServer;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Conformance;

/// <summary>
/// Services that become something else in the API server: another type, labelled, written with leading zeros (service.go).
/// </summary>
public sealed class ApiObjectTests(ApiObjectTests.ApiNode lab) : IClassFixture<ApiObjectTests.ApiNode>
{
    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6];

    [Contract("1", "Service, label that comes and goes: as deleted and added")]
    [Theory]
    [InlineData("service.kubernetes.io/service-proxy-name", Family.IPv4)]
    [InlineData("service.kubernetes.io/service-proxy-name", Family.IPv6)]
    [InlineData("service.kubernetes.io/headless", Family.IPv4)]
    [InlineData("service.kubernetes.io/headless", Family.IPv6)]
    public void A_label_that_takes_a_service_away_is_respected_when_it_comes_and_goes(string label, Family family)
    {
        var (toggled, steady) = (lab.Node.NewService("a", "b"), lab.Node.NewService("c"));
        // Born with the label; a controller copies it to the slices.
        lab.Apply(toggled, json => Label(json, label));
        lab.Apply(steady);
        lab.Until("c", steady.Address(family));
        Assert.StartsWith("E", lab.Ask(toggled.Address(family)));

        for (var round = 0; round < 2; round++)
        {
            lab.Apply(toggled);
            lab.Until("a b", toggled.Address(family));
            lab.Apply(toggled, json => Label(json, label));
            lab.UntilGone(toggled.Address(family));
            Assert.Equal("c", lab.Ask(steady.Address(family)));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_ExternalName_becomes_a_ClusterIP_and_goes_back(Family family)
    {
        var (service, probe) = (lab.Node.NewService("a", "c"), lab.Node.NewService("b"));
        // It has an address left over, and slices, which do not count.
        lab.Apply(service, ExternalName);
        lab.Apply(probe);
        lab.Until("b", probe.Address(family));
        Assert.StartsWith("E", lab.Ask(service.Address(family)));

        lab.Apply(service);
        lab.Until("a c", service.Address(family));

        lab.Apply(service, ExternalName);
        lab.UntilGone(service.Address(family));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void An_ExternalName_becomes_a_NodePort_and_goes_back(Family family)
    {
        var (service, probe) = (lab.Node.NewService("a", "c"), lab.Node.NewService("b"));
        var port = 31_000 + service.Manifest.ClusterIPs[0].GetAddressBytes()[3];
        service = service with
        {
            Manifest
                = service.Manifest with { Type = "NodePort", Ports = [.. service.Manifest.Ports.Select(p => p with { NodePort = port })] },
        };
        var to = new IPEndPoint(family == Family.IPv6 ? lab.Node.Node.IPv6 : lab.Node.Node.IPv4, port).ToString();
        lab.Apply(service, ExternalName);
        lab.Apply(probe);
        lab.Until("b", probe.Address(family));
        Assert.Equal("ECONNREFUSED", lab.Ask(to));

        lab.Apply(service);
        lab.Until("a c", to);
        lab.Until("a c", service.Address(family));

        lab.Apply(service, ExternalName);
        lab.Until("ECONNREFUSED", to);
        lab.UntilGone(service.Address(family));
    }

    [Fact]
    public void Leading_zeros_of_a_ClusterIP_are_decimal()
    {
        // Read as octal numbers these would be 8 (010), none at all (096) and 52 (064).
        var service = lab.Node.NewService("a");
        service = service with
        {
            Manifest = service.Manifest with { ClusterIPs = [IPAddress.Parse("10.96.2.64"), .. service.Manifest.ClusterIPs.Skip(1)] },
        };
        const string text = "010.096.002.064";

        lab.Apply(service, json =>
        {
            if (json["kind"]!.GetValue<string>() != "Service") return;
            json["spec"]!["clusterIP"] = text;
            json["spec"]!["clusterIPs"]![0] = text;
        });

        lab.Until("a", service.Address(Family.IPv4));
    }

    private static void Label(JsonObject json, string label)
    {
        var metadata = json["metadata"]!.AsObject();
        if (metadata["labels"] is null) metadata["labels"] = new JsonObject();
        metadata["labels"]![label] = label.EndsWith("headless", StringComparison.Ordinal) ? "" : "another-proxy";
    }

    private static void ExternalName(JsonObject json)
    {
        if (json["kind"]!.GetValue<string>() != "Service") return;
        json["spec"]!["type"] = "ExternalName";
        json["spec"]!["externalName"] = "elsewhere.example";
    }

    /// <summary>A node whose agent reads an API server; the pod "client" asks.</summary>
    public sealed class ApiNode : IAsyncLifetime
    {
        private readonly string kubeconfig = Path.GetTempFileName();
        private FakeApiServer api = null!;

        public TestNode Node { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Task.Yield();
            Node = new TestNode(extra: [], StartApiServer);
        }

        public async ValueTask DisposeAsync()
        {
            Node?.Dispose();
            if (api is not null) await api.DisposeAsync();
            File.Delete(kubeconfig);
        }

        public void Apply(TestService service, Action<JsonObject>? change = null)
        {
            foreach (var json in service.Manifest.Objects)
            {
                change?.Invoke(json);
                api.Apply(json);
            }
        }

        /// <summary>
        /// As <see cref="ConformanceCluster.Ask"/>; the whole report when requests failed in several ways, as while a change comes into
        /// force.
        /// </summary>
        public string Ask(string to)
        {
            var report = Node.Probe.Load(LoadMode.Tcp, to, 40);
            return report.Answered == 0 && report.Errors.Count == 1 ? report.Errors.Keys.Single().Split('/')[1]
                : report.IsClean ? string.Join(' ', report.Names.Keys.Select(name => name.Split('/')[0]).Order(StringComparer.Ordinal))
                : report.Line;
        }

        public void Until(string expected, string to)
            => Eventually.Get(() => Ask(to), answer => answer == expected, $"{expected} from {to}");

        public void UntilGone(string to) => Eventually.Get(() => Ask(to), answer => answer.StartsWith('E'), $"nobody to answer at {to}");

        private IReadOnlyList<string> StartApiServer(NodeNetns where)
        {
            api = FakeApiServer.StartAsync(new FakeApiServerOptions { Netns = where.Place.NetnsPath, Port = 6443 }).GetAwaiter()
                .GetResult();
            File.WriteAllText(kubeconfig, $$"""
                apiVersion: v1
                kind: Config
                current-context: test
                contexts: [{name: test, context: {cluster: test, user: test} }]
                clusters: [{name: test, cluster: {server: "{{api.Url}}"} }]
                users: [{name: test, user: {token: secret} }]
                """);
            return ["--kubeconfig", kubeconfig];
        }
    }
}
