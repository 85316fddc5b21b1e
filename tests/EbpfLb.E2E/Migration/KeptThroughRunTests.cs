using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Migration;

/// <summary>
/// Connections that <see cref="TranslatedBeforeTests"/> takes to the start of an agent, through `ebpflb migrate run` and `rollback`.
/// </summary>
public sealed class KeptThroughRunTests : IDisposable
{
    private const int Count = 50;

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-migrate-");

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    [InlineData("nftables")]
    public void Connections_to_external_addresses_and_of_pods_behind_a_program_go_on(string mode)
    {
        using var bed = new MigrationBed(mode);
        bed.LoadKubeProxy(externalIP: true);
        foreach (var family in Families)
        {
            bed.Pod.Do($"hold id={family} to={MigrationBed.ToExternalIP(family)} count={Count}");
            bed.Outside.Do($"hold id={family} to={MigrationBed.ToExternalIP(family)} count={Count}");
        }
        bed.StartAgent("--pod-device", "p-+");
        AskAll();

        Migrate(bed, "run");

        Assert.DoesNotContain("KUBE-SVC", bed.Rules(), StringComparison.Ordinal);
        Assert.DoesNotContain("table ip kube-proxy", bed.Rules(), StringComparison.Ordinal);
        AskAll();
        Migrate(bed, "rollback");
        AskAll();

        void AskAll()
        {
            foreach (var family in Families)
            {
                var to = MigrationBed.ToExternalIP(family);
                Assert.Equal($"{Count}", bed.Pod.Ask($"exchange id={family} peer={to}")["answered"]);
                Assert.Equal($"{Count}", bed.Outside.Ask($"exchange id={family} peer={to}")["answered"]);
            }
        }
    }

    [Theory]
    [InlineData("iptables-nft")]
    [InlineData("iptables-legacy")]
    [InlineData("nftables")]
    public void Connected_udp_sockets_keep_their_backends(string mode)
    {
        using var bed = new MigrationBed(mode);
        bed.LoadKubeProxy();
        List<ProbeSocket> sockets = [.. Families.SelectMany(family => Enumerable.Range(0, 10).SelectMany(_ => new[]
        {
            TranslatedBeforeTests.Connected(bed.Pod, MigrationBed.ToClusterIP(family)),
            TranslatedBeforeTests.Connected(bed.Outside, bed.ToNodePort(family)),
        }))];
        var number = 0;
        var before = AskAll();
        Assert.Equal(["a", "c"], before.Distinct().Order());
        bed.StartAgent();
        Assert.Equal(before, AskAll());

        Migrate(bed, "run");

        Assert.Equal(before, AskAll());
        Migrate(bed, "rollback");
        Assert.Equal(before, AskAll());

        List<string> AskAll()
        {
            number++;
            return [.. sockets.Select(s => TranslatedBeforeTests.Ask(s, number))];
        }
    }

    public void Dispose() => state.Delete(recursive: true);

    private void Migrate(MigrationBed bed, string verb)
    {
        var (code, output) = bed.Agent.Command("migrate", [verb, "--state-dir", state.FullName]);
        Assert.True(code == 0, $"{verb} ended with {code}:\n{output}\n{bed.Rules()}");
    }
}
