using System.Net;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.E2E.Deployment;
using EbpfLb.E2E.Migration;
using EbpfLb.E2E.Upgrades;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Kernel;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Operations;

/// <summary>
/// What docs/operations.md has, in the order in which a new user needs it, on one node that kube-proxy's rules serve: install, look,
/// explain, break, repair, upgrade, migrate, go back, remove. Connections that kube-proxy translated are held from the first step to the
/// last.
/// </summary>
public sealed class FromInstallToRemovalTests : IDisposable
{
    private const int Held = 40;

    private static readonly Family[] Families = [Family.IPv4, Family.IPv6];

    private readonly MigrationBed bed = new("iptables-nft");
    private readonly DirectoryInfo installed = Directory.CreateTempSubdirectory("ebpflb-deb-");
    private readonly DirectoryInfo state = Directory.CreateTempSubdirectory("ebpflb-operations-");

    public void Dispose()
    {
        bed.Dispose();
        installed.Delete(recursive: true);
        state.Delete(recursive: true);
    }

    [Fact]
    public void A_node_is_taken_over_looked_at_broken_repaired_upgraded_migrated_and_given_back()
    {
        bed.LoadKubeProxy();
        var rules = bed.Rules();
        using var held = new HeldThroughMigration(bed, Held);

        Install();
        held.AskAll();
        Look();
        Explain();
        BreakAndRepair();
        held.AskAll();
        // From here on also connections that EbpfLb translates.
        HoldNew();
        Upgrade();
        AskNew();
        held.AskAll();
        Migrate();
        Assert.DoesNotContain("KUBE-SVC", bed.Rules(), StringComparison.Ordinal);
        AskNew();
        held.AskAll();
        Succeed("migrate", "rollback", "--state-dir", state.FullName);
        Assert.Equal(rules, bed.Rules());
        AskNew();
        held.AskAll();
        Remove();
        Assert.Equal(rules, bed.Rules());
        AssertServed();
        held.AskAll();
    }

    private void Install()
    {
        var package = new DebianPackage(installed.FullName);
        DebianPackage.Run(package.Binary, "config", "check", package.Config);
        // Nothing but `ebpflb verify` compares.
        bed.StartAgentOf(package.Binary, "--verify-period", "0");

        Assert.Contains("Ready", Succeed("status"), StringComparison.Ordinal);
        Assert.Contains("Equal", Succeed("verify"), StringComparison.Ordinal);
        Assert.DoesNotContain(
            bed.Agent.Json("doctor").GetProperty("checks").EnumerateArray(), c => c.GetProperty("state").GetString() == "failed");
        AssertServed();
    }

    private void Look()
    {
        var services = Succeed("services", "default/web");
        foreach (var family in Families)
        {
            Assert.Contains(MigrationBed.ToClusterIP(family), services, StringComparison.Ordinal);
            Assert.Contains(MigrationBed.ToExternalIP(family), services, StringComparison.Ordinal);
        }
        Assert.Contains($"{MigrationBed.NodePort}", services, StringComparison.Ordinal);
        var backends = bed.Agent.Json("backends", "default/web:tcp").GetProperty("backends").EnumerateArray().ToList();
        Assert.Equal(4, backends.Count);
        // 20 of a pod and 20 of the client outside, of each family.
        Assert.Equal(80, backends.Sum(b => b.GetProperty("connections").GetInt64()));
    }

    private void Explain()
    {
        var pod = Succeed("explain", "--from", bed.PodAddress, "--to", MigrationBed.ToClusterIP(Family.IPv4));
        Assert.Contains("goes to one of 2 backends", pod, StringComparison.Ordinal);
        var outside = Succeed("explain", "--from", bed.OutsideAddress, "--to", bed.ToNodePort(Family.IPv4));
        Assert.Contains("goes to one of 2 backends", outside, StringComparison.Ordinal);
        Assert.DoesNotContain("The kernel does otherwise", pod + outside, StringComparison.Ordinal);
    }

    private void BreakAndRepair()
    {
        DeleteFrontends();
        string[] question = ["--from", bed.PodAddress, "--to", MigrationBed.ToClusterIP(Family.IPv4)];
        Assert.Contains("The kernel does otherwise", Succeed("explain", question), StringComparison.Ordinal);
        var (code, found) = bed.Agent.Command("verify", "--dry-run");
        Assert.True(code == 1, found);
        Assert.Contains($"lb_services4 {MigrationBed.ToClusterIP(Family.IPv4)}/TCP", found, StringComparison.Ordinal);
        Assert.Equal(1, bed.Agent.Command("verify").ExitCode);
        Assert.Contains("Equal", Succeed("verify"), StringComparison.Ordinal);
        Assert.DoesNotContain("The kernel does otherwise", Succeed("explain", question), StringComparison.Ordinal);

        using (var link = BpfLink.OpenPinned(Path.Combine(BpfFs.InstancePath(bed.Agent.Instance), "links", "connect4"))) link.Detach();
        bed.Agent.LogLine("put back: kind=Link connect4");
        Assert.Contains("Equal", Succeed("verify"), StringComparison.Ordinal);
        AssertServed();
    }

    private void Upgrade()
    {
        Assert.Equal(0, bed.Agent.Terminate());
        AssertServed();
        bed.Agent.LaunchInstead(UpgradeTests.BinaryOf("every"));
        bed.Agent.WaitUntilReady();

        Assert.Contains("Ready", Succeed("status"), StringComparison.Ordinal);
        Assert.Contains("Equal", Succeed("verify"), StringComparison.Ordinal);
        AssertServed();
    }

    private void Migrate()
    {
        var before = bed.Rules();
        var plan = Succeed("migrate", "plan", "--state-dir", state.FullName);
        Assert.Contains("iptables-nft, ip, nat: remove ", plan, StringComparison.Ordinal);
        Assert.Equal(before, bed.Rules());
        Succeed("migrate", "run", "--state-dir", state.FullName);
        AssertServed();
    }

    private void Remove()
    {
        // It refuses beside an agent that works.
        Assert.NotEqual(0, bed.Agent.Command("cleanup").ExitCode);
        Assert.Equal(0, bed.Agent.Terminate());
        Succeed("cleanup");

        Assert.False(Directory.Exists(BpfFs.InstancePath(bed.Agent.Instance)));
        Assert.Empty(state.GetFileSystemInfos());
        Eventually.True(() => BpfIds.AtCgroup(bed.Node.Cgroup.Path).Count == 0, "the kernel to detach the programs at sockets");
        Assert.DoesNotContain("bpf", Devices(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(bed.Agent.RunDirectory));
    }

    /// <summary>Filters and qdiscs of all devices of the node.</summary>
    private string Devices() => string.Concat(((string[])["qdisc show", "filter show dev eth0 ingress", "filter show dev eth0 egress"])
        .Select(arguments => bed.Run([RepositoryPaths.Tool("tc"), .. arguments.Split(' ')])));

    private void DeleteFrontends()
    {
        using var services = BpfMap.OpenPinned<LbFrontend4, LbService>(
            Path.Combine(BpfFs.InstancePath(bed.Agent.Instance), "maps", "lb_services4"));
        var address = IPEndPoint.Parse(MigrationBed.ToClusterIP(Family.IPv4)).Address;
        var keys = services.Keys().Where(key => new IPAddress(BitConverter.GetBytes(key.Addr.Raw)).Equals(address)).ToList();
        Assert.NotEmpty(keys);
        foreach (var key in keys) services.Delete(key);
    }

    private void HoldNew()
    {
        foreach (var family in Families)
        {
            bed.Pod.Do($"hold id=new{family} to={MigrationBed.ToClusterIP(family)} count={Held}");
            bed.Outside.Do($"hold id=new{family} to={bed.ToNodePort(family)} count={Held}");
        }
        AskNew();
    }

    private void AskNew()
    {
        foreach (var family in Families)
        {
            Assert.Equal($"{Held}", bed.Pod.Ask($"exchange id=new{family} peer={MigrationBed.ToClusterIP(family)}")["answered"]);
            Assert.Equal($"{Held}", bed.Outside.Ask($"exchange id=new{family} peer={bed.ToNodePort(family)}")["answered"]);
        }
    }

    private void AssertServed()
    {
        foreach (var family in Families)
        {
            foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
            {
                var pod = bed.Pod.Load(mode, MigrationBed.ToClusterIP(family), 20);
                var outside = bed.Outside.Load(mode, bed.ToNodePort(family), 20);
                Assert.True(pod.IsClean, $"{mode} of a pod, {family}: {pod.Line}");
                Assert.True(outside.IsClean, $"{mode} from outside, {family}: {outside.Line}");
            }
        }
    }

    private string Succeed(string verb, params IReadOnlyList<string> arguments)
    {
        var (code, output) = bed.Agent.Command(verb, arguments);
        Assert.True(code == 0, $"{verb} {string.Join(' ', arguments)} ended with {code}:\n{output}\n{bed.Agent.EndOfLog}");
        return output;
    }
}
