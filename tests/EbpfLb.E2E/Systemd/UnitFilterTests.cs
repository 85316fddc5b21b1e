using System.Text.Json;
using EbpfLb.E2E.Firewalls;
using EbpfLb.E2E.Migration;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Systemd;

/// <summary>
/// Programs that systemd attaches to the cgroups of units: IPAddressDeny= and IPAddressAllow= (what sockets send and receive),
/// RestrictNetworkInterfaces= (the same), SocketBindDeny= (bind()).
/// </summary>
public sealed class UnitFilterTests(PackageFixture package) : IClassFixture<PackageFixture>, IDisposable
{
    private const string Services = "10.96.0.0/16 fd00:10:96::/112", Pods = "10.244.0.0/16 fd00:10:244::/48";

    private readonly PackageBed bed = new(package.Package);

    private SystemdMachine Machine => bed.Machine;

    public void Dispose() => bed.Dispose();

    /// <summary>
    /// systemd's programs see what a socket sends after netfilter translated it, and what it receives with the ClusterIP back in it: beside
    /// kube-proxy a unit needs both. Beside ours they see the backend's address both ways, as the socket has it.
    /// </summary>
    [Fact]
    public void Addresses_that_units_may_talk_to_are_those_of_backends_and_beside_kube_proxy_those_of_Services_too()
    {
        (string Unit, string[] Lines, string KubeProxy, string Ours)[] cases =
        [
            ("plain", [], "ac", "ac"),
            ("both", ["IPAddressDeny=any", $"IPAddressAllow={Services} {Pods}"], "ac", "ac"),
            ("pods", ["IPAddressDeny=any", $"IPAddressAllow={Pods}"], "", "ac"),
            ("services", ["IPAddressDeny=any", $"IPAddressAllow={Services}"], "", ""),
            ("barred", [$"IPAddressDeny={Services}"], "", "ac"),
            ("device", ["RestrictNetworkInterfaces=eth0"], "c", "c"),
            ("ports", ["SocketBindDeny=any"], "ac", "ac"),
        ];
        var probes = cases.Select(c => bed.Bed.Keep(NetProbe.Start(Machine.StartUnit(c.Unit, c.Lines)))).ToList();
        bed.Bed.LoadKubeProxy();
        Assert.Equal(cases.Select(c => (c.Unit, c.KubeProxy)), Reached());

        bed.Install();

        Assert.Equal(cases.Select(c => (c.Unit, c.Ours)), Reached());

        IEnumerable<(string, string)> Reached()
            => [.. cases.Zip(probes, (c, probe) => (c.Unit, ServiceWays.Reached(probe, MigrationBed.ToClusterIP)))];
    }

    [Fact]
    public void Ports_that_units_may_not_bind_are_refused_below_our_hooks_and_beside_them_and_doctor_knows_whose_these_are()
    {
        Machine.Write("/etc/systemd/system/-.slice.d/all.conf", "[Slice]\nSocketBindDeny=7002\nIPAddressDeny=192.0.2.0/24\n");
        bed.Install();
        var server = Machine.StartUnit("server", "SocketBindDeny=any", "SocketBindAllow=7000", "SocketBindAllow=7002");
        var plain = Machine.StartUnit("plain");

        bed.Bed.Keep(PodServer.Start(server, "server", "7000", "7000"));
        AssertRefused(server, 7001);
        // By the slice of all units, whose programs are at the cgroup of our hooks.
        AssertRefused(server, 7002);
        AssertRefused(plain, 7002);
        bed.Bed.Keep(PodServer.Start(plain, "plain", "7001", "7001"));

        var json = Machine.Try("ebpflb", "doctor", "-o", "json").Output;
        var others = JsonDocument.Parse(json).RootElement.GetProperty("checks").EnumerateArray()
            .Where(c => c.GetProperty("check").GetString() == "hooks.others")
            .Select(c => $"{c.GetProperty("state").GetString()}: {c.GetProperty("finding").GetString()}").ToList();
        Assert.Equal(2, others.Count);
        Assert.All(others, o => Assert.StartsWith("ok: sd_bind", o, StringComparison.Ordinal));
        Assert.Equal("ac", ServiceWays.Reached(bed.Bed.Keep(NetProbe.Start(plain)), MigrationBed.ToClusterIP));
    }

    private static void AssertRefused(ProcessPlace place, int port)
    {
        var refused = Assert.Throws<InvalidOperationException>(() => PodServer.Start(place, "refused", $"{port}", $"{port}"));
        Assert.Contains("EPERM", refused.Message, StringComparison.Ordinal);
    }
}
