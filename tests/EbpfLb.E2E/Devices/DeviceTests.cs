using System.Net;
using System.Text.Json;
using EbpfLb.Bpf;
using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Devices;

/// <summary>An agent and the devices of its node: found, named, coming and going while it runs.</summary>
[Trait("needs", "tc")]
public sealed class DeviceTests : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ManifestDirectory manifests = new();
    private readonly NodeNetns node;
    private AgentProcess? agent;

    public DeviceTests()
    {
        node = topology.AddNode();
        topology.AddRouter().Connect(node);
        node.AddPod("a");
    }

    public void Dispose()
    {
        agent?.Dispose();
        topology.Dispose();
        manifests.Dispose();
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public void The_uplink_is_found_and_pods_are_left_alone(string method)
    {
        Start("--tc-attach", method);

        var uplink = Device("eth0", d => Text(d, "method") is not null);
        Assert.Equal(
            ("uplink", "carries the default route", method), (Text(uplink, "role"), Text(uplink, "reason"), Text(uplink, "method")));
        Assert.Equal((node.IPv4.ToString(), node.IPv6.ToString()), (Text(uplink, "snat4"), Text(uplink, "snat6")));
        Assert.All(Programs("eth0", method), id => Assert.True(id > 0, "no program"));
        Assert.Equal(("none", "a veth without an address"), (Text(Device("p-a"), "role"), Text(Device("p-a"), "reason")));
        var addresses = Status().GetProperty("nodePortAddresses").EnumerateArray().Select(a => a.GetString()).ToList();
        Assert.Contains(node.IPv4.ToString(), addresses);
        Assert.Contains("127.0.0.0/8", addresses);
    }

    [Fact]
    public void A_device_that_comes_later_is_served_and_one_that_goes_leaves_nothing()
    {
        Start();
        node.Configure("link add up1 type veth peer name far1", "link set up1 up", "addr add 203.0.113.1/24 dev up1",
            "route add 10.77.0.0/16 via 203.0.113.254");

        var device = Device("up1", d => Number(d, "ingressProgram") > 0);
        Assert.Equal(("carries a route to a gateway", "203.0.113.1"), (Text(device, "reason"), Text(device, "snat4")));
        Assert.Contains("203.0.113.1", NodePortAddresses());
        Assert.Contains(agent!.PinnedIds().Keys, pin => pin.EndsWith($"tcx-{Number(device, "index")}-in", StringComparison.Ordinal));

        node.Configure("link del up1");
        Eventually.True(
            () => !agent.PinnedIds().Keys.Any(pin => pin.EndsWith($"tcx-{Number(device, "index")}-in", StringComparison.Ordinal)),
            "the pins of the device that is gone to be removed");
        Eventually.True(() => !NodePortAddresses().Contains("203.0.113.1"), "its address to be forgotten");
    }

    [Fact]
    public void A_device_that_loses_its_route_loses_its_programs()
    {
        Start();
        Device("eth0", d => Number(d, "ingressProgram") > 0);

        node.Configure("route del default dev eth0", "route del ::/0 dev eth0");

        var device = Device("eth0", d => Text(d, "role") == "none");
        Assert.Equal("a veth without a route to a gateway", Text(device, "reason"));
    }

    [Fact]
    public void A_bridge_that_may_have_clients_is_named_with_the_option_and_explain_says_that_it_is_left_alone()
    {
        manifests.Put(new ServiceManifest("web")
        {
            ClusterIPs = [IPAddress.Parse("10.96.0.1")], Ports = [new PortManifest("tcp", "TCP", 80, 8080)],
            Endpoints = [node.Pods[0].IPv4],
        });
        node.Configure("link add virbr0 type bridge", "link set virbr0 up", "addr add 192.168.77.1/24 dev virbr0");
        Start();

        Assert.Equal("a bridge without a route to a gateway", Text(Device("virbr0"), "reason"));
        var warning = Assert.Single(Status().GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!),
            w => w.Contains("virbr0", StringComparison.Ordinal));
        Assert.Contains("device virbr0 (192.168.77.0/24) has no program", warning);
        Assert.Contains("--cluster-cidr", warning);
        Assert.Contains("--devices", warning);
        Eventually.True(
            () => agent!.Command("services").Output.Contains("10.96.0.1:80/TCP", StringComparison.Ordinal), "the service to be there");

        var (code, text) = agent!.Command("explain", "--from", "192.168.77.10", "--to", "10.96.0.1:80");

        Assert.True(code == 0, text);
        Assert.Contains("192.168.77.10 -> 10.96.0.1:80/TCP: is left alone", text);
        Assert.Contains("comes in by virbr0, which has no program", text);
        Assert.Matches("program +not run: virbr0 has no program", text);
        Assert.DoesNotContain("is translated", text);
        (code, text) = agent.Command("explain", "--from", "192.0.2.1", "--to", "10.96.0.1:80");
        Assert.Contains("goes to the one backend", text);
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public void What_somebody_removed_comes_back(string method)
    {
        Start("--tc-attach", method, "--sync-period", "1s");
        var before = Device("eth0", d => Number(d, "ingressProgram") > 0);

        if (method == "clsact")
        {
            Run("tc", "qdisc", "del", "dev", "eth0", "clsact");
        }
        else
        {
            using var link = BpfLink.OpenPinned(
                Path.Combine(BpfFs.InstancePath(agent!.Instance), "links", $"tcx-{Number(before, "index")}-in"));
            link.Detach();
        }

        Eventually.True(
            () => Programs("eth0", method).Length == 2, () => $"the programs to come back. Log of the agent:\n{agent!.EndOfLog}");
    }

    [Theory]
    [InlineData("tcx")]
    [InlineData("clsact")]
    public void The_next_agent_takes_over_and_cleanup_leaves_the_device_as_it_was(string method)
    {
        Start("--tc-attach", method);
        Device("eth0", d => Number(d, "ingressProgram") > 0);
        var before = Programs("eth0", method);

        agent!.Kill();
        Assert.Equal(before, Programs("eth0", method));
        agent.Launch();
        agent.WaitUntilReady();
        Eventually.True(
            () => Programs("eth0", method) is { Length: 2 } now && !now.Intersect(before).Any(), "the new programs to be in place");

        agent.Terminate();
        var (code, output) = agent.Command("cleanup");
        Assert.True(code == 0, output);
        Assert.Empty(Programs("eth0", method));
        Assert.DoesNotContain("clsact", Run("tc", "qdisc", "show", "dev", "eth0"));
        Assert.False(Directory.Exists(BpfFs.InstancePath(agent.Instance)));
    }

    [Fact]
    public void The_user_chooses_devices_by_name()
    {
        Start("--exclude-devices", "eth0", "--pod-device", "p-+");

        Assert.Equal("excluded by --exclude-devices", Text(Device("eth0"), "reason"));
        var pod = Device("p-a", d => Number(d, "ingressProgram") > 0);
        Assert.Equal(("pod", "named by --pod-device", node.IPv4.ToString()), (Text(pod, "role"), Text(pod, "reason"), Text(pod, "snat4")));
        Assert.Equal("1", Metric("ebpflb_attached_devices"));
    }

    [Fact]
    public void Forwarding_that_is_off_is_said_and_switched_on_when_asked()
    {
        Forward("0");
        Start();
        var warning = Assert.Single(Status().GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!));
        Assert.Contains("IPv4 forwarding is off", warning);
        agent!.LogLine(warning);
        agent.Dispose();

        Start("--set-sysctls");
        Assert.Empty(Status().GetProperty("warnings").EnumerateArray());
        Assert.Equal("1", NetnsThread.Run(node.Place.NetnsPath!, () => File.ReadAllText("/proc/sys/net/ipv4/ip_forward").Trim()));
    }

    private void Start(params string[] options)
        => agent = AgentProcess.Start(new AgentOptions(TestNode.Binary, node, "--manifests", manifests.Path) { Extra = options });

    private void Forward(string value)
        => NetnsThread.Run(node.Place.NetnsPath!, () => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", value));

    private JsonElement Status() => agent!.Json("status");

    private string[] NodePortAddresses() => [.. Status().GetProperty("nodePortAddresses").EnumerateArray().Select(a => a.GetString()!)];

    /// <summary>The device in the status, once it is there and as wanted.</summary>
    private JsonElement Device(string name, Func<JsonElement, bool>? isIt = null) => Eventually.Get(
        () => Status().GetProperty("devices").EnumerateArray().FirstOrDefault(d => Text(d, "name") == name),
        d => d.ValueKind == JsonValueKind.Object && (isIt is null || isIt(d)),
        $"{name} in the status");

    /// <summary>Ids of the programs at both directions of a device, as the kernel tells.</summary>
    private uint[] Programs(string device, string method)
    {
        if (method == "clsact")
        {
            return [.. new[] { "ingress", "egress" }.Select(direction => Run("tc", "filter", "show", "dev", device, direction))
                .SelectMany(text => text.Split('\n').Where(line => line.Contains("ebpflb/", StringComparison.Ordinal)))
                .Select(line => line.Split(' ').SkipWhile(word => word != "id").ElementAt(1)).Select(uint.Parse)];
        }
        return NetnsThread.Run(node.Place.NetnsPath!, () =>
        {
            using var reader = NetworkReader.Open();
            var index = reader.ReadLinks().Single(l => l.Name == device).Index;
            return (uint[])[.. BpfLink.TcxProgramIds(index, ingress: true), .. BpfLink.TcxProgramIds(index, ingress: false)];
        });
    }

    private string Metric(string name)
    {
        using var http = NetnsListener.HttpClient(node.Place.NetnsPath!);
        var text = http.GetStringAsync(new Uri("http://127.0.0.1:10249/metrics")).GetAwaiter().GetResult();
        return text.Split('\n').Single(l => l.StartsWith(name + " ", StringComparison.Ordinal)).Split(' ')[1];
    }

    private string Run(string tool, params string[] arguments)
    {
        var (code, output) = ChildProcess.Run(node.Place with { CgroupPath = null }, [RepositoryPaths.Tool(tool), .. arguments]);
        Assert.True(code == 0, $"{tool} {string.Join(' ', arguments)}: {output}");
        return output;
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static uint Number(JsonElement element, string name) => element.GetProperty(name).GetUInt32();
}
