using System.Globalization;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Migration;

/// <summary>
/// `ebpflb migrate` is killed before each of the node's tools that it has change a table, and before each file that it gives its name. The
/// same command again ends what was begun, and meanwhile connections go on and others' rules stay.
/// </summary>
public sealed class KilledMigrationTests : IDisposable
{
    private const int Count = 20, Killed = 128 + 9;

    private const string Others = """
        *mangle
        :KUBE-KUBELET-CANARY - [0:0]
        COMMIT
        *filter
        :KUBE-FIREWALL - [0:0]
        :FLANNEL-FWD - [0:0]
        -A INPUT -j KUBE-FIREWALL
        -A OUTPUT -j KUBE-FIREWALL
        -A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP
        -A FORWARD -j FLANNEL-FWD
        -A FLANNEL-FWD -m comment --comment "flanneld forward" -j ACCEPT
        COMMIT
        *nat
        :OTHERS-POST - [0:0]
        -A POSTROUTING -j OTHERS-POST
        COMMIT
        """;

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-migrate-");

    private string[] State => ["--state-dir", state.FullName];

    /// <summary>In nftables mode nft is asked for more than changes: all of it is tried.</summary>
    [Theory]
    [InlineData("iptables-nft", "exec:nft-restore", 12)]
    [InlineData("iptables-legacy", "exec:legacy-restore", 10)]
    [InlineData("nftables", "exec:/nft", 6)]
    public void A_run_and_a_rollback_that_were_killed_are_ended_by_the_next(string mode, string tool, int fewest)
    {
        using var bed = new MigrationBed(mode);
        foreach (var family in (string[])["ip", "ip6"]) bed.Restore(family, Others);
        var others = bed.Rules();
        bed.LoadKubeProxy();
        var before = bed.Rules();
        using var held = new HeldThroughMigration(bed, Count);
        held.AskAll();
        bed.StartAgent();

        var runs = Walk(bed, held, "run", tool, others, () => Assert.Equal(others, MigrationBed.WithoutHold(bed.Rules())), () =>
        {
            Succeed(bed, "rollback");
            Assert.Equal(before, bed.Rules());
        });
        Assert.InRange(runs, fewest, 100);

        var rollbacks = Walk(bed, held, "rollback", tool, others, () => Assert.Equal(before, bed.Rules()), () => Succeed(bed, "run"));
        Assert.InRange(rollbacks, 2, 100);
    }

    /// <summary>Who gives the rollback up and migrates again can still go back as far.</summary>
    [Fact]
    public void A_run_after_a_rollback_that_was_killed_forgets_nothing_that_was_saved()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        var before = bed.Rules();
        bed.StartAgent();
        Succeed(bed, "run");
        for (var n = 2; Kill(bed, "rollback", $"exec:nft-restore*{n}"); n++)
        {
            Succeed(bed, "run");
            Succeed(bed, "rollback");
            Assert.Equal(before, bed.Rules());
            Succeed(bed, "run");
        }
        Assert.Equal(before, bed.Rules());
    }

    /// <summary>The second run puts aside what the first one saved: at no time is it neither whole nor known to be old.</summary>
    [Fact]
    public void What_a_finished_run_saved_is_put_aside_as_a_whole()
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        bed.StartAgent();
        var moved = 0;
        for (var n = 1; ; n++)
        {
            Succeed(bed, "run");
            var (done, files) = (Path.Combine(state.FullName, "done"), state.GetFiles().Length);
            Assert.True(File.Exists(done));
            bed.LoadKubeProxy();
            var isKilled = Kill(bed, "run", string.Create(CultureInfo.InvariantCulture, $"rename:/previous*{n}"));
            if (isKilled && state.GetFiles("*.save").Length is > 0 and var left && left < files - 1) moved++;
            Assert.True(!isKilled || File.Exists(done), $"killed before file {n} of {files} was moved: the others count as of this run");
            Succeed(bed, "run");
            Succeed(bed, "rollback");
            bed.LoadKubeProxy();
            if (!isKilled) break;
        }
        Assert.InRange(moved, 2, 100);
    }

    public void Dispose() => state.Delete(recursive: true);

    /// <returns>How often it was killed.</returns>
    /// <param name="assertDone">After the same command again.</param>
    /// <param name="goBack">To what it was before the command.</param>
    private int Walk(
        MigrationBed bed, HeldThroughMigration held, string verb, string tool, string others, Action assertDone, Action goBack)
    {
        for (var n = 1; ; n++)
        {
            if (!Kill(bed, verb, string.Create(CultureInfo.InvariantCulture, $"{tool}*{n}")))
            {
                assertDone();
                held.AskAll();
                return n - 1;
            }
            held.AskAll();
            AssertServed(bed);
            var left = bed.Rules().Split('\n').ToHashSet();
            Assert.All(others.Split('\n'), line => Assert.Contains(line, left));
            Succeed(bed, verb);
            assertDone();
            held.AskAll();
            goBack();
            held.AskAll();
        }
    }

    /// <summary>false: it came to its end.</summary>
    private bool Kill(MigrationBed bed, string verb, string step)
    {
        var (code, output) = bed.Agent.CommandBy([RepositoryPaths.Netprobe, "killed", step], "migrate", [verb, .. State]);
        Assert.True(code is 0 or Killed, $"{verb} ended with {code}:\n{output}\n{bed.Rules()}");
        return code == Killed;
    }

    private void Succeed(MigrationBed bed, string verb)
    {
        var (code, output) = bed.Agent.Command("migrate", [verb, .. State]);
        Assert.True(code == 0, $"{verb} ended with {code}:\n{output}\n{bed.Rules()}");
    }

    private static void AssertServed(MigrationBed bed)
    {
        foreach (var family in Families)
        {
            Assert.True(bed.Pod.Load(LoadMode.Tcp, MigrationBed.ToClusterIP(family), 5).IsClean, $"of a pod, {family}");
            Assert.True(bed.Outside.Load(LoadMode.Udp, bed.ToNodePort(family), 5).IsClean, $"from outside, {family}");
        }
    }
}
