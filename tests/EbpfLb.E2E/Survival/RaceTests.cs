using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Survival;

/// <summary>
/// A hash element that was replaced may be reused at once for another key, and slots and backends of retired services are reused for
/// others. Clients connect without a pause while services are rewritten, appear and vanish: each must only ever reach a backend of
/// the service it asked for. Backends answer with the port they were reached at, and every service has its own.
/// </summary>
public sealed class RaceTests(TestNode node) : IClassFixture<TestNode>
{
    private const int Services = 24;
    private const int Rewrites = 40;

    [Fact]
    public void Clients_never_reach_a_foreign_backend_while_services_are_rewritten()
    {
        var stable = Enumerable.Range(0, Services).Select(i => Service($"stable{i}", 100 + i, 9000 + i)).ToArray();
        var passing = Enumerable.Range(0, Services).Select(i => Service($"passing{i}", 200 + i, 9030 + i)).ToArray();
        node.Manifests.Put("race", [.. stable.Select(service => service.Manifest)]);
        // The last one by its name.
        node.WaitUntilServed(stable.MaxBy(service => service.Manifest.Name, StringComparer.Ordinal)!);
        BackgroundLoad[] loads =
        [
            Start(stable, LoadMode.Tcp, Family.IPv4),
            Start(stable, LoadMode.UdpConnected, Family.IPv4),
            Start(stable, LoadMode.UdpConnected, Family.IPv6),
        ];

        string[][] sets = [["a"], ["b", "c"], ["c"], ["a", "b", "c"]];
        for (var round = 0; round < Rewrites; round++)
        {
            var now = stable.Select((service, i) => service.Manifest with { Endpoints = node.Addresses(sets[(round + i) % sets.Length]) });
            var others = passing.Where((_, i) => (round + i) % 3 == 0).Select(service => service.Manifest);
            node.Manifests.Put("race", [.. now, .. others]);
            loads[1].AfterMore(100);
        }

        Assert.All(loads.Select(load => load.Stop()), report =>
        {
            Assert.True(report.IsCleanButEnded, report.Line);
            // Whose endpoint goes between question and answer is told at once: of one question at a time, at most one a rewrite.
            Assert.InRange(report.Failed, 0, Rewrites);
        });
    }

    private BackgroundLoad Start(TestService[] services, LoadMode mode, Family family) => node.Probe.Start(new LoadSpec(
        mode,
        [.. services.Select(service
            => $"{service.Address(family, service.Manifest.Ports[0].Port)}=/{service.Manifest.Ports[0].TargetPort}")]));

    private TestService Service(string name, int port, int target)
    {
        var service = node.NewService("a");
        return service with
        {
            Manifest = service.Manifest with
            {
                Name = name,
                Ports = [new PortManifest("tcp", "TCP", port, target), new PortManifest("udp", "UDP", port, target)],
            },
        };
    }
}
