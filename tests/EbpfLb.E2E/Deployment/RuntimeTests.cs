using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The agent's pod in containers of real runtimes, with the filters of system calls and the mounts that their daemons give pods
/// by default. SELinux and AppArmor are not among it: the kernels that tests run on have them not in force.
/// </summary>
public sealed class RuntimeTests : IAsyncLifetime
{
    private PodBed bed = null!;

    public async ValueTask InitializeAsync() => bed = await PodBed.StartAsync();

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Theory]
    [InlineData("runc", true)]
    [InlineData("runc", false)]
    [InlineData("crun", true)]
    public void A_container_serves_with_what_the_manifest_gives_it_and_its_commands_do(string runtime, bool cgroupNamespace)
    {
        var pod = NewPod(runtime, cgroupNamespace);
        var judge = new PodJudge(bed, pod);
        bed.Apply(PodBed.Service(bed.Backends[0]));

        using var agent = pod.Start(KubernetesBase.Arguments, bed.Api.Url);
        pod.WaitUntilReady(agent);
        var status = pod.Status();
        Assert.Contains("Seccomp:\t2", status);
        Assert.Contains("NoNewPrivs:\t1", status);

        judge.AssertServed();
        judge.AssertRightsAreUsed(agent);
        AssertCommands(pod);
        judge.AssertJudgedFromTheHost();
        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
        PodJudge.AssertNothingWasRefused(agent.Output);
        judge.AssertCleanedUp();
    }

    /// <summary>That each container has its own at /sys/fs/cgroup, too, does not matter.</summary>
    [Fact]
    public void The_hosts_cgroups_are_found_where_the_configuration_does_not_name_them()
    {
        var pod = bed.Keep(new RuntimePod(bed.Node, bed.Account, ContainerRuntime.Runc, cgroupNamespace: true) { NamesCgroupRoot = false });
        bed.Apply(PodBed.Service(bed.Backends[0]));

        using var agent = pod.Start(KubernetesBase.Arguments, bed.Api.Url);
        pod.WaitUntilReady(agent);

        new PodJudge(bed, pod).AssertServed();
        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
    }

    [Fact]
    public void An_agent_whose_filter_refuses_bpf_names_the_filter()
    {
        var pod = bed.Keep(
            new RuntimePod(bed.Node, bed.Account, ContainerRuntime.Runc, cgroupNamespace: true) { Refused = "bpf" });

        using var agent = pod.Start(KubernetesBase.Arguments, bed.Api.Url);

        Assert.NotEqual(0, agent.WaitForExit());
        Assert.Contains("seccomp filter (seccompProfile)", agent.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_container_that_is_started_anew_goes_on_with_the_maps_and_sockets_of_removed_endpoints_are_ended()
    {
        var pod = NewPod("runc");
        bed.Apply(PodBed.Service(bed.Backends[0]));
        using var killed = pod.Start(KubernetesBase.Arguments, bed.Api.Url);
        pod.WaitUntilReady(killed);
        var to = $"{bed.Node.IPv4}:30080";
        bed.Outside.Do($"hold id=held to={to} count=20");
        var datagrams = bed.Client.StartSwarm("wait", "10.96.1.1:80", 5);
        Eventually.True(() => datagrams.IsServedBy("a/8080"), () => datagrams.Report);

        pod.Kill(killed);
        Assert.Equal(20, bed.Outside.Do("exchange id=held").Number("answered"));
        using var agent = pod.Start(KubernetesBase.Arguments, bed.Api.Url);
        pod.WaitUntilReady(agent);

        Assert.Equal(20, bed.Outside.Do("exchange id=held").Number("answered"));
        Assert.Contains(to, pod.Exec("conntrack", "list").Output, StringComparison.Ordinal);
        // In the client's network namespace, which is not the pod's.
        bed.Apply(PodBed.Service(bed.Backends[1]));
        Eventually.True(() => datagrams.IsServedBy("b/8080"), () => $"{datagrams.Report}\n{agent.Output}");
        Assert.InRange(datagrams.Aborted, 5, 10);
        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
        PodJudge.AssertNothingWasRefused(killed.Output + agent.Output);
    }

    [Fact]
    public void XDP_and_a_tunnel_to_another_node_work_in_a_container()
    {
        IReadOnlyList<string> options = ["--xdp=driver", "--sync-period=1s", "--tunnel=ipip", "--forwarding=dsr"];
        var second = bed.Topology.AddNode("second");
        bed.Router.Connect(second);
        var remote = second.AddPod("c");
        bed.Keep(PodServer.Start(remote.Place, remote.Name, "8080", "8080", showPort: true));
        FinishChecksums(second, remote);
        var service = PodBed.Service(remote) with { NodeOf = _ => second.Name };
        using var manifests = new ManifestDirectory();
        manifests.PutText("nodes", NodeManifest.Of(bed.Node) + NodeManifest.Of(second));
        manifests.Put(service);
        using var other = AgentProcess.Start(
            new AgentOptions(TestNode.Binary, second, "--manifests", manifests.Path) { Extra = options });
        foreach (var node in new[] { bed.Node, second }) bed.Apply(node);
        bed.Apply(service);
        var pod = NewPod("runc");

        using var agent = pod.Start([.. KubernetesBase.Arguments, .. options], bed.Api.Url);
        pod.WaitUntilReady(agent);

        bed.Outside.Do($"hold id=held to={bed.Node.IPv4}:30080 count=50");
        Eventually.True(() =>
        {
            // What devices can do is looked at with each --sync-period.
            Assert.Equal(50, bed.Outside.Do("exchange id=held").Number("answered"));
            return Outside.Drops.Count(pod.Metrics(), "pkt_xdp") > 200;
        }, () => $"packets to leave in front of the stack\n{pod.Metrics()}\n{agent.Output}");
        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
        PodJudge.AssertNothingWasRefused(agent.Output);
    }

    /// <summary>As network cards do: what XDP gets is finished, and the router takes what it sends.</summary>
    private void FinishChecksums(NodeNetns second, PodNetns remote)
    {
        foreach (var place in new[] { bed.Router.Clients[0].Place, remote.Place }) Offloads.NoChecksums(place.NetnsPath!, "eth0");
        foreach (var node in new[] { bed.Node, second }) Offloads.Receive(bed.Router.Place.NetnsPath!, node.Name);
    }

    private static void AssertCommands(RuntimePod pod)
    {
        Assert.Contains("Ready", Succeeds("status"), StringComparison.Ordinal);
        Assert.Contains(":30080", Succeeds("conntrack", "list"), StringComparison.Ordinal);
        Succeeds("drops");
        var (_, verdicts) = pod.Exec("doctor");
        foreach (var check in new[] { "mounts.bpffs", "mounts.cgroup2", "hooks.sockets" }) PodJudge.AssertVerdict(verdicts, check, "ok");
        // The agent goes on, and says so.
        var (code, refused) = pod.Exec("cleanup");
        Assert.True(code != 0, refused);

        string Succeeds(string verb, params string[] arguments)
        {
            var (code, output) = pod.Exec(verb, arguments);
            Assert.True(code == 0, output);
            return output;
        }
    }

    private RuntimePod NewPod(string runtime, bool cgroupNamespace = true) => bed.Keep(new RuntimePod(bed.Node, bed.Account,
        runtime == "crun" ? ContainerRuntime.Crun : ContainerRuntime.Runc, cgroupNamespace));
}
