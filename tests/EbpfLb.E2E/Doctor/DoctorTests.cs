using System.Text.Json;
using EbpfLb.Bpf;
using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Doctor;

/// <summary>`ebpflb doctor` on a node with an agent, and on what becomes of it.</summary>
public sealed class DoctorTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private NodeNetns Node => cluster.First.Netns;

    [Fact]
    public void A_node_that_serves_has_no_problem()
    {
        var report = Doctor(out var code);

        Assert.True(code == 0, report.GetRawText());
        foreach (var check in (string[])["kernel.version", "mounts.bpffs", "mounts.cgroup2", "hooks.sockets", "hooks.others",
            "devices.programs",
            "devices.others", "sysctl.forwarding", "ports.local", "ports.nodeports", "ports.masquerade", "firewall.forward",
            "firewall.input", "firewall.services", "ipsec.policies", "api.server", "agent.process",
            "agent.ready", "agent.sync"])
            Assert.True(States(report, check).SequenceEqual(["ok"]), $"{check}: {Finding(report, check)}");
        // root of a container may lack one that costs little.
        Assert.All(States(report, "rights.agent"), state => Assert.True(state is "ok" or "warning", Finding(report, "rights.agent")));
        Assert.Equal("the running agent's", report.GetProperty("configuration").GetString());
        var documented = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "operations", "doctor.md"));
        Assert.All(report.GetProperty("checks").EnumerateArray(),
            check => Assert.Contains($"`{check.GetProperty("check").GetString()}`", documented, StringComparison.Ordinal));
    }

    [Fact]
    public void Forwarding_that_is_off_is_a_problem_with_the_command_that_switches_it_on()
    {
        NetnsThread.Run(Node.Place.NetnsPath!, () => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "0"));
        try
        {
            var report = Doctor(out var code);

            Assert.Equal(1, code);
            Assert.Contains("sysctl -w net.ipv4.ip_forward=1", Remedy(report, "sysctl.forwarding"));
        }
        finally
        {
            NetnsThread.Run(Node.Place.NetnsPath!, () => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1"));
        }
    }

    [Fact]
    public void A_range_of_ports_that_the_node_takes_for_itself_is_a_warning()
    {
        Sysctl("ipv4/ip_local_port_range", "20000 60999");
        try
        {
            var report = Doctor(out _);

            Assert.Contains("10000 ports in common", Finding(report, "ports.local"));
            Assert.Equal("`sysctl -w net.ipv4.ip_local_reserved_ports=30000-32767`", Remedy(report, "ports.nodeports"));
        }
        finally
        {
            Sysctl("ipv4/ip_local_port_range", "32768 60999");
        }
    }

    [Theory]
    [InlineData(true, "runs before ours at TCX ingress")]
    [InlineData(false, "is at TCX ingress too")]
    public void A_program_of_others_at_a_device_is_named_with_its_place(bool isFirst, string said)
    {
        var theirs = cluster.Second.Agent.Json("status").GetProperty("devices").EnumerateArray()
            .First(d => d.GetProperty("name").GetString() == "eth0").GetProperty("ingressProgram").GetUInt32();
        using var program = BpfProgram.OpenId(theirs);
        using var link = NetnsThread.Run(
            Node.Place.NetnsPath!, () => BpfLink.AttachTcx(program, DeviceIndex.Of("eth0"), ingress: true, first: isFirst));

        var found = Finding(Doctor(out _), "devices.others");

        Assert.Contains($"eth0: lb_in (id {theirs}) {said}", found);
    }

    [Fact]
    public void An_XDP_program_of_others_is_named_and_ours_is_looked_for()
    {
        using var others = new TestCluster(new TestClusterOptions { Extra = ["--xdp", "generic"] });
        var agent = others.First.Agent;
        var id = agent.Json("status").GetProperty("devices").EnumerateArray()
            .First(d => d.GetProperty("name").GetString() == "eth0").GetProperty("xdpProgram").GetUInt32();
        using var program = BpfProgram.OpenId(id);
        using var link = NetnsThread.Run(
            Node.Place.NetnsPath!, () => BpfLink.AttachXdp(program, DeviceIndex.Of("eth0"), isGeneric: true));

        Assert.Contains($"eth0: XDP program lb_xdp (id {id}, generic) of others sees packets first",
            Finding(Doctor(out _), "devices.others"));
        var (code, text) = agent.Command("doctor");
        Assert.True(code == 0 && text.Contains("devices.programs     ok        1 device has its programs", StringComparison.Ordinal), text);
    }

    [Fact]
    public void Rules_of_others_that_choose_source_ports_and_those_of_kube_proxy_are_named()
    {
        Nft("add table ip cni; add chain ip cni post { type nat hook postrouting priority srcnat; }; "
            + "add rule ip cni post ip saddr 10.9.0.0/16 masquerade fully-random; "
            + "add rule ip cni post ip saddr 10.8.0.0/16 tcp dport 1 masquerade to :32768-65535; "
            + "add table ip nat; add chain ip nat KUBE-SVC-ABC");
        Restore("*nat\n:CNI-X - [0:0]\n-A CNI-X -p tcp -j MASQUERADE --to-ports 2000-3000\nCOMMIT\n");
        try
        {
            var report = Doctor(out _);

            Assert.Equal(["warning", "warning"], States(report, "ports.masquerade"));
            Assert.Contains("table ip cni, chain post: masquerades with random ports", Finding(report, "ports.masquerade"));
            Assert.Contains("table ip nat, chain CNI-X: masquerades with ports 2000-3000", Finding(report, "ports.masquerade"));
            Assert.Contains("KUBE-SVC-ABC in table ip nat", Finding(report, "kube-proxy.rules"));
            Assert.Contains("ebpflb migrate", Remedy(report, "kube-proxy.rules"));
        }
        finally
        {
            Nft("flush ruleset");
        }
    }

    [Fact]
    public void A_hook_that_was_taken_off_is_a_problem_without_an_agent_too()
    {
        using var alone = new TestCluster();
        var agent = alone.First.Agent;
        agent.Kill();
        using (var link = BpfLink.OpenPinned(Path.Combine(BpfFs.InstancePath(agent.Instance), "links", "connect4"))) link.Detach();

        var (code, text) = agent.Command("doctor", "--cgroup-root", alone.First.Netns.Cgroup.Path);

        Assert.Equal(1, code);
        Assert.Contains("hooks.sockets        problem   connect4 is at a cgroup that was removed, or was taken off", text);
        Assert.Contains("agent.process        problem   no agent runs", text);
        Assert.Contains("devices.programs     ok        1 device has its programs", text);
    }

    [Fact]
    public void A_BPF_file_system_that_can_only_be_read_is_a_problem()
    {
        using var place = new ManifestDirectory();
        var (code, text) = ChildProcess.Run(
            Node.Place,
            ["unshare", "--mount", "sh", "-c",
                "mount --bind \"$1\" \"$2\" && mount -o remount,bind,ro \"$2\" && exec \"$3\" doctor --instance none --bpffs \"$2\"",
                "sh", BpfFs.MountPoint, place.Path, TestNode.Binary]);

        Assert.Equal(1, code);
        Assert.Contains($"mounts.bpffs         problem   nothing can be pinned at {place.Path}", text, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_no_cgroup_is_a_problem_here_and_for_an_agent()
    {
        var (code, text) = cluster.First.Agent.Command("doctor", "--cgroup-root", "/proc");
        Assert.Equal(1, code);
        Assert.Contains("mounts.cgroup2       problem   /proc is on proc, not on cgroup2", text, StringComparison.Ordinal);

        using var place = new ManifestDirectory();
        var link = Path.Combine(place.Path, "cgroup");
        File.CreateSymbolicLink(link, Node.Cgroup.Path);
        (_, text) = cluster.First.Agent.Command("doctor", "--cgroup-root", link);
        Assert.Contains("mounts.cgroup2       ok", text, StringComparison.Ordinal);

        (code, text) = ChildProcess.Run(
            Node.Place, TestNode.Binary, "run", "--instance", Leftovers.NewName(), "--run-dir", place.Path,
            "--manifests", cluster.Manifests.Path, "--cgroup-root", "/proc");
        Assert.Equal(1, code);
        Assert.Contains("--cgroup-root (cgroupRoot): /proc is on proc, not on cgroup2; name ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_that_names_another_source_is_looked_at_in_place_of_the_agents()
    {
        var report = Doctor(out var code, "--manifests", "/nonexistent");

        Assert.Equal(1, code);
        Assert.Contains("/nonexistent does not exist", Finding(report, "api.server"));
    }

    private JsonElement Doctor(out int code, params IReadOnlyList<string> arguments)
    {
        (code, var text) = cluster.First.Agent.Command("doctor", ["-o", "json", .. arguments]);
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException(text, e);
        }
    }

    private void Nft(string commands) => Run([RepositoryPaths.Tool("nft"), commands]);

    private void Restore(string rules)
    {
        using var file = new ManifestDirectory();
        file.PutText("rules", rules);
        Run([RepositoryPaths.Tool("iptables-restore"), "--noflush", Directory.GetFiles(file.Path).Single()]);
    }

    private void Run(IReadOnlyList<string> command)
    {
        var (code, text) = ChildProcess.Run(Node.Place, command);
        Assert.True(code == 0, text);
    }

    private void Sysctl(string name, string value)
        => NetnsThread.Run(Node.Place.NetnsPath!, () => File.WriteAllText($"/proc/sys/net/{name}", value));

    private static IEnumerable<string> States(JsonElement report, string check) => Of(report, check, "state");

    private static string Finding(JsonElement report, string check) => string.Join('\n', Of(report, check, "finding"));

    private static string Remedy(JsonElement report, string check) => string.Join('\n', Of(report, check, "remedy"));

    private static IEnumerable<string> Of(JsonElement report, string check, string field) => report.GetProperty("checks").EnumerateArray()
        .Where(c => c.GetProperty("check").GetString() == check).Select(c => c.GetProperty(field).GetString() ?? "");
}
