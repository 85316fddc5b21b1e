using System.Text.Json;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Commands;

/// <summary>What the commands say of a node that serves.</summary>
public sealed class ReportTests(TestNode node) : IClassFixture<TestNode>
{
    private static readonly string[] Hooks =
    [
        "bind4", "bind6", "connect4", "connect6", "getpeername4", "getpeername6", "recvmsg4", "recvmsg6", "sendmsg4", "sendmsg6",
        "sock_release",
    ];

    [Fact]
    public void Status_says_ready_and_names_the_hooks_and_their_cgroup()
    {
        var status = node.Agent.Json("status");

        Assert.Equal("agent", status.GetProperty("origin").GetString());
        Assert.True(status.GetProperty("ready").GetBoolean());
        Assert.True(status.GetProperty("canary").GetProperty("ok").GetBoolean());
        var hooks = status.GetProperty("hooks").EnumerateArray().ToList();
        Assert.Equal(Hooks, hooks.Select(hook => hook.GetProperty("hook").GetString()!).Order());
        Assert.All(hooks, hook => Assert.Equal(node.Node.Cgroup.Path, hook.GetProperty("cgroup").GetString()));
    }

    [Fact]
    public void Services_count_what_was_connected_is_open_was_sent_and_was_refused()
    {
        var (busy, empty) = (node.Publish("a", "b"), node.Publish());
        var before = Row(busy, "tcp");
        node.Probe.Do($"hold id=counted to={busy.Address(Family.IPv4)} count=5");

        node.Probe.Load(busy.Load(LoadMode.Tcp, Family.Mapped) with { Count = 30 });
        node.Probe.Load(busy.Load(LoadMode.UdpShared, Family.IPv4) with { Count = 7 });
        node.Probe.Load(empty.Load(LoadMode.Tcp, Family.IPv4) with { Count = 3 });

        var tcp = Row(busy, "tcp");
        Assert.Equal(before.GetProperty("connections").GetInt64() + 35, tcp.GetProperty("connections").GetInt64());
        Assert.Equal(5, tcp.GetProperty("active").GetInt64());
        Assert.Equal(2, tcp.GetProperty("frontends")[0].GetProperty("backends").GetInt32());
        Assert.Equal(7, Row(busy, "udp").GetProperty("datagrams").GetInt64());
        Assert.Equal(3, Row(empty, "tcp").GetProperty("refused").GetInt64());
        node.Probe.Do("release id=counted");
        Assert.Equal(0, Row(busy, "tcp").GetProperty("active").GetInt64());
    }

    [Fact]
    public void A_Service_is_asked_for_by_its_name_and_an_unknown_one_is_an_error()
    {
        var (service, empty) = (node.Publish("a"), node.Publish());

        Assert.All(
            node.Agent.Json("services", $"{service.Manifest.Name}:tcp", "-n", "default").GetProperty("services").EnumerateArray().ToList(),
            row => Assert.Equal($"default/{service.Manifest.Name}", row.GetProperty("service").GetString()));
        var (code, text) = node.Agent.Command("backends", $"default/{empty.Manifest.Name}:tcp");
        Assert.True(code == 0 && text.Contains("does its selector match pods that run?", StringComparison.Ordinal), text);
        (code, text) = node.Agent.Command("backends", $"default/{service.Manifest.Name}x");
        Assert.True(code == 3 && text.Contains($"did you mean 'default/{service.Manifest.Name}'?", StringComparison.Ordinal), text);
    }

    [Fact]
    public void Backends_lists_the_endpoints_of_a_service()
    {
        var service = node.Publish("a", "c");

        var addresses = node.Agent.Json("backends").GetProperty("backends").EnumerateArray()
            .Where(row
                => row.GetProperty("service").GetString() == $"default/{service.Manifest.Name}"
                    && row.GetProperty("port").GetString() == "tcp")
            .Select(row => row.GetProperty("address").GetString()!);

        Assert.Equal(node.Addresses("a", "c").Select(ip => ip.ToString()).Order(), addresses.Order());
    }

    /// <summary>The row of the service's port in IPv4.</summary>
    private JsonElement Row(TestService service, string port)
        => node.Agent.Json("services").GetProperty("services").EnumerateArray().Single(row =>
        row.GetProperty("service").GetString() == $"default/{service.Manifest.Name}"
        && row.GetProperty("port").GetString() == port
        && row.GetProperty("frontends")[0].GetProperty("address").GetString() == service.Manifest.ClusterIPs[0].ToString());
}
