using System.Net;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using static EbpfLb.E2E.Others.OtherPrograms;

namespace EbpfLb.E2E.Others;

/// <summary>Programs of others at connect(), attached by bpftool to the cgroup of our hooks and to that of a pod below it.</summary>
public sealed class CgroupProgramTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly OtherPrograms others;
    private readonly OutsideService service;
    private readonly NetProbe pod;

    public CgroupProgramTests()
    {
        others = new OtherPrograms(cluster.First.Netns);
        service = cluster.Publish("a", "c");
        pod = NetProbe.Start(cluster.Pod("b").Place);
    }

    private string Root => cluster.First.Netns.Cgroup.Path;

    private string OfPod => cluster.Pod("b").Place.CgroupPath!;

    public void Dispose()
    {
        pod.Dispose();
        others.Dispose();
        cluster.Dispose();
    }

    /// <summary>Where flags are missing, or "override", none but the pod's own program would run there if ours was not of many.</summary>
    [Theory]
    [InlineData("multi")]
    [InlineData("override")]
    [InlineData("")]
    public void At_the_cgroup_of_a_pod_it_sees_the_ClusterIP_and_ours_translates(string flags)
    {
        others.AtCgroup(OfPod, flags);

        Assert.True(Ask().IsClean);

        Assert.Equal(Number(service.Manifest.ClusterIPs[0]), others.Seen(What.Address));
    }

    [Fact]
    public void At_our_cgroup_it_sees_the_backend_if_it_came_later()
    {
        others.AtCgroup(Root, "multi");

        Assert.True(Ask().IsClean);

        Assert.Contains(others.Seen(What.Address), cluster.Addresses("a", "c").Where(a => a.GetAddressBytes().Length == 4).Select(Number));
    }

    [Fact]
    public void At_our_cgroup_it_sees_the_ClusterIP_if_it_was_there_before_ours()
    {
        RestartBehind("multi");
        cluster.First.Agent.WaitUntilReady();

        Assert.True(Ask().IsClean);

        Assert.Equal(Number(service.Manifest.ClusterIPs[0]), others.Seen(What.Address));
        Assert.Contains("o_connect4 (id ", Doctor(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_it_denies_is_refused_and_nothing_of_ours_stays(bool atPod)
    {
        var cgroup = atPod ? OfPod : Root;
        others.AtCgroup(cgroup, "multi");
        others.Set(Setting.Deny, 1);

        Assert.Equal(["connect/EPERM"], Ask().Errors.Keys);
        others.Set(Setting.Deny, 0);

        Assert.True(Ask().IsClean);
    }

    /// <summary>As the address that was asked for, an application then sees the one that ours was given.</summary>
    [Fact]
    public void An_address_that_it_puts_in_place_of_another_is_what_ours_goes_by()
    {
        var other = cluster.Publish("c");
        others.Set(Setting.From, Number(service.Manifest.ClusterIPs[0]));
        others.Set(Setting.To, Number(other.Manifest.ClusterIPs[0]));
        others.AtCgroup(OfPod, "multi");

        var report = Ask();

        Assert.Equal((20, 20), (report.Answered, report.BadPeer));
        Assert.Equal('c', Assert.Single(report.Names.Keys.Select(n => n[0]).Distinct()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("override")]
    public void Exclusively_at_our_cgroup_it_keeps_ours_out_which_is_said_until_it_goes(string flags)
    {
        RestartBehind(flags);

        cluster.First.Agent.LogLine("another program is attached exclusively there or above");
        others.FromCgroup(Root);

        cluster.First.Agent.WaitUntilReady();
        Assert.True(Ask().IsClean);
    }

    /// <summary>Ours is taken away, and comes back when a program of others is there.</summary>
    private void RestartBehind(string flags)
    {
        var agent = cluster.First.Agent;
        agent.Kill();
        var (code, output) = agent.Command("cleanup");
        Assert.True(code == 0, output);
        others.AtCgroup(Root, flags);
        agent.Launch();
    }

    private LoadReport Ask() => pod.Load(LoadMode.Tcp, new IPEndPoint(service.Manifest.ClusterIPs[0], OutsideService.Port).ToString(), 20);

    private string Doctor() => cluster.First.Agent.Command("doctor").Output;

    /// <summary>As bpf_sock_addr has it.</summary>
    private static ulong Number(IPAddress address) => BitConverter.ToUInt32(address.GetAddressBytes());
}
